// A workload in a file: JSON, described by docs/workload.schema.json. It holds one entry for each log that it
// came from, and never their sum: so merging is the union of sets, whatever was merged before. No literals
// unless asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/workload.h"

namespace pgadvise::log {

// Workloads of one source each, after count_once() and sort_workloads(). Those of which nothing could be read
// are left out.
std::string to_workload_file(const std::vector<Workload>& workloads, bool literals);

// Does a text begin as a workload file does? Tells it from a log.
bool is_workload_file(std::string_view head);

// Errors (Kind::input), one line: no JSON, another version, a value that can't be. Samples without a
// statement get the normalised one.
Result<std::vector<Workload>> parse_workload_file(const std::string& path, std::string_view text);

// One log's entry, with all that it has.
std::string to_json_line(const Workload& workload);

}  // namespace pgadvise::log
