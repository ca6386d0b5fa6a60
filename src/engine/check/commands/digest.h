// Reads logs, workload files and a server's pg_stat_statements into workloads.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "check/observer.h"
#include "log/record/selection.h"
#include "model/queries/workload.h"

namespace pgadvise::check {

struct DigestSources {
  std::vector<std::string> logs;  // logs, workload files, rows of pg_stat_statements; "-" is standard input
  std::string db;  // connection string of a server whose pg_stat_statements is read; "" for none
  std::string line_prefix;
  log::Selection selection = {};  // of the logs' records
  unsigned jobs = 0;              // threads; 0: one for each processor
  bool by_log = false;            // one source per log, for a workload file; takes more memory
  UserPaths user_paths = {};      // a pipe or /dev/null among the logs is read only if these contain it
  std::stop_token stop = {};      // ends the reading early
};

struct Digest {
  std::vector<Workload> workloads;  // sorted by path; a log that is passed twice counts once
  bool read = false;                // at least one source could be read, and the selection took some of it
};

// Unreadable sources, and a selection that takes no record (input), are reported in `diagnostics`. A stop
// request takes effect at the next chunk of a log, before the next source, and during a statement on the
// server: the result has what was read until then, and `diagnostics` names what was not.
Digest digest(const DigestSources& sources, const Observer& observer, Diagnostics& diagnostics);

}  // namespace pgadvise::check
