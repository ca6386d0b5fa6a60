// Computes the time of each node of an analyzed plan, without its children.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/plan.h"

namespace pgadvise::plan {

struct NodeTime {
  const PlanNode* node = nullptr;
  std::size_t depth = 0;
  double total_ms = 0;  // including children: elapsed time for the statement, which below a Gather is that of
                        // the slowest process
  double self_ms = 0;   // excluding children; at least 0; the sum over all nodes is the root's total
  double rows = 0;      // total of all loops
};

struct PlanTimes {
  std::vector<NodeTime> nodes;  // depth first, parents before children
  double outside_ms = 0;        // time outside the tree: triggers, startup and shutdown
};

// Requires a plan with times (EXPLAIN (ANALYZE) with TIMING); otherwise all times are 0. EXPLAIN shows a CTE
// or InitPlan below its owner, but the server counts its time at the first node that reads it: it is
// subtracted there.
PlanTimes self_times(const Plan& plan);

}  // namespace pgadvise::plan
