// Recommends indexes to create and to drop for a workload on a server; on request, builds and measures them.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "advisor/search/advise.h"
#include "base/files/input_file.h"
#include "base/result.h"
#include "check/load/server.h"
#include "check/observer.h"
#include "log/record/selection.h"
#include "model/queries/workload.h"
#include "model/results/advice.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// One of `db` and `sandbox`, and at least one of `logs` and `workloads`.
struct AdviseSources {
  std::string db;        // connection string, or "env"
  bool sandbox = false;  // a throwaway server with `schema` and `load`
  std::vector<std::string> schema;
  std::vector<std::string> load;
  std::vector<std::string> logs;
  std::vector<std::string> workloads;
  std::string line_prefix;
  log::Selection selection = {};               // of the logs' records
  std::vector<std::string> other_inputs = {};  // files that the caller reads
  std::string output;         // a file that the caller will write: an input of this name is an error
  UserPaths user_paths = {};  // a pipe or /dev/null among the inputs is read only if these hold it
};

struct AdviseSettings {
  advisor::AdviseOptions search;  // `stop` and `progress` are set by advise()
  pg::SessionSettings session_settings;
  unsigned jobs = 0;       // threads that read logs, and connections that request plans; 0: one for each
                           // processor, at most four connections
  bool verify = false;     // build the indexes, run the queries before and after, drop the indexes
  std::string disposable;  // the database's name: permission for `verify` to write to it
  std::chrono::milliseconds verify_timeout{10'000};  // of one run of a query
  std::stop_token stop;                              // ends the search with the best set found so far
  Observer observer;
};

struct AdviseInputs {
  Workload workload;               // resolved against the catalog
  std::unique_ptr<Server> server;  // with plans
  Catalog catalog;                 // of the server; of the snapshot whose statistics a sandbox has
  bool statistics_only = false;    // a sandbox with a server's statistics and without rows
};

// Errors: a wrong combination of options, no HypoPG, a database that `verify` may not write to (usage); a
// server that cannot be reached or read (Kind::database). Unreadable logs are diagnostics.
Result<AdviseInputs> load_for_advise(AdviseSources sources, const AdviseSettings& settings,
                                     Diagnostics& diagnostics);

// Creates nothing on the server, except the indexes of `verify` and, on a sandbox, indexes that HypoPG does
// not support. Errors: a lost server.
Result<Advice> advise(AdviseInputs& inputs, const AdviseSettings& settings, Diagnostics& diagnostics);

}  // namespace pgadvise::check
