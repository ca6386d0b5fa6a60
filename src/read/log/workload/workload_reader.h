// Reads workload files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// The contract is that of parse_workload_file() (log/workload_file.h).
Result<std::vector<Workload>> read_workloads(const std::string& path, std::string_view text);

}  // namespace pgadvise::log
