// Formats a workload, or the comparison of two, as JSON for programs.
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "model/queries/comparison.h"
#include "model/queries/workload.h"

namespace pgadvise::report {

// The object that digest_json() writes, with at most `queries` queries.
nlohmann::ordered_json workload_json(const Workload& workload, bool show_literals, std::size_t queries);
std::string digest_json(const Workload& workload, bool show_literals);
std::string comparison_json(const Comparison& comparison);

}  // namespace pgadvise::report
