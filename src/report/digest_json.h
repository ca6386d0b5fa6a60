// Formats a workload, or the comparison of two, as JSON for programs.
#pragma once

#include <string>

#include "model/comparison.h"
#include "model/workload.h"

namespace pgadvise::report {

std::string digest_json(const Workload& workload, bool show_literals);
std::string comparison_json(const Comparison& comparison);

}  // namespace pgadvise::report
