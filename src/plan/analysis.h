// What each node of an analyzed plan took by itself, and what that tells.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/plan.h"

namespace pgadvise::plan {

struct NodeTime {
  const PlanNode* node = nullptr;
  std::size_t depth = 0;
  double total_ms =
      0;               // with children, as the statement waited for it: of the slowest process below a Gather
  double self_ms = 0;  // never below 0; of all nodes they add up to the root's total
  double rows = 0;     // of all loops
};

struct PlanTimes {
  std::vector<NodeTime> nodes;  // depth first, parents before children
  double outside_ms = 0;        // execution outside the tree: triggers, start and end
};

// Only for plans with times (EXPLAIN (ANALYZE) with TIMING): without, all are 0. A CTE's or InitPlan's work
// is shown under its owner and charged by the server to the node that first reads it: it is taken off there.
PlanTimes self_times(const Plan& plan);

}  // namespace pgadvise::plan
