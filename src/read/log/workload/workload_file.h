// Reads and writes workload files: JSON, described by docs/workload.schema.json. A file has one entry for
// each log and never their sum, so that merging is a union of sets, whatever was merged before. No literals
// unless requested.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// Writes workloads with one source each, after count_once() and sort_workloads(). Skips those of unreadable
// logs.
std::string to_workload_file(const std::vector<Workload>& workloads, bool literals);

// Whether the text starts like a workload file, not like a log.
bool is_workload_file(std::string_view head);

// Errors (Kind::input): not JSON, another version, an invalid value. Samples without a statement get the
// normalized one.
Result<std::vector<Workload>> parse_workload_file(const std::string& path, std::string_view text);

// Writes the complete entry of one log.
std::string to_json_line(const Workload& workload);

}  // namespace pgadvise::log
