// A node's name as EXPLAIN's text has it.
#pragma once

#include <string>

#include "model/plan.h"

namespace pgadvise::plan {

// As EXPLAIN's text names the node: "Parallel Index Only Scan Backward using i on public.t a", "Partial
// HashAggregate".
std::string title(const PlanNode& node);

}  // namespace pgadvise::plan
