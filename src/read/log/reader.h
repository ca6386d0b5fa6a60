// Reads PostgreSQL logs into a Workload.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "log/record/limits.h"
#include "log/record/selection.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

struct Progress {
  std::uint64_t bytes = 0;  // read so far, of all logs
  std::uint64_t total = 0;  // 0: not known, one of them is a stream
};

struct Options {
  std::string line_prefix;  // log_line_prefix; empty: detected
  Selection selection = {};
  unsigned threads = 0;  // 0: as many as there are processors; the result is the same
  Limits limits;
  std::function<void(const Progress&)>
      progress;               // called every few megabytes, by one thread at a time; empty: not wanted
  UserPaths user_paths = {};  // a log that is a pipe is read if it is one of them
  // Ends the reading at the next chunk, or before the next log. The result has what was read until then, and
  // the diagnostics name what was not.
  std::stop_token stop = {};
};

// Whether LogSource::note says that the file is no PostgreSQL log.
bool names_other_log(std::string_view note);

// Reads the logs, in any order, as one workload; the format of each is found from its content. A log that
// can't be read, or that is not a PostgreSQL log, is named in `diagnostics` (Kind::input) and the rest is
// read. Memory grows with distinct statements and live sessions, not with the logs' size. A log that equals
// another one, or its beginning, counts once, and is reported.
Workload read(const std::vector<std::string>& paths, const Options& options, Diagnostics& diagnostics);

// The same, with one workload for each log, in the order of `paths`, as a workload file stores them.
// count_once() also finds duplicates among streams, and total() of the result equals that of read(). Takes
// memory for the templates of each log. Sessions continue from one log to the next; a call counts in the log
// of its record.
std::vector<Workload> read_each(const std::vector<std::string>& paths, const Options& options,
                                Diagnostics& diagnostics);

}  // namespace pgadvise::log
