// The name of a plan node in EXPLAIN's text format.
#pragma once

#include <string>

#include "model/queries/plan.h"

namespace pgadvise::plan {

// Examples: "Parallel Index Only Scan Backward using i on public.t a", "Partial HashAggregate".
std::string title(const PlanNode& node);

}  // namespace pgadvise::plan
