// PostgreSQL logs -> Workload.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/workload.h"

namespace pgadvise::log {

struct Options {
  std::string line_prefix;  // log_line_prefix; empty: found by itself
};

// Reads the logs, in any order, as one workload; the format of each is found from its content. A log that
// can't be read, or that is not a PostgreSQL log, is named in `diagnostics` (Kind::input) and the rest is
// read. Memory grows with distinct statements and live sessions, not with the logs' size.
Workload read(const std::vector<std::string>& paths, const Options& options, Diagnostics& diagnostics);

}  // namespace pgadvise::log
