// Computes the time of each node of an analyzed plan, without its children.
#pragma once

#include <cstddef>
#include <vector>

#include "model/queries/plan.h"

namespace pgadvise::plan {

struct NodeTime {
  const PlanNode* node = nullptr;
  std::size_t depth = 0;
  double total_ms = 0;  // including children: elapsed time for the statement, which below a Gather is that of
                        // the slowest process
  double self_ms = 0;   // excluding children; at least 0
  double rows = 0;      // total of all loops
};

struct PlanTimes {
  std::vector<NodeTime> nodes;  // depth first, parents before children
  double all_ms = 0;      // sum of self_ms: the root's total, and what data-modifying CTEs ran on after it
  double outside_ms = 0;  // time outside the tree: triggers, startup and shutdown
};

// Requires a plan with times (EXPLAIN (ANALYZE) with TIMING); otherwise all times are 0. EXPLAIN shows a CTE
// or InitPlan below its owner, but the server counts its time at the nodes that read it: it is
// subtracted there. A data-modifying CTE whose readers stop early, or that has none, runs on when the root
// has ended.
PlanTimes self_times(const Plan& plan);

}  // namespace pgadvise::plan
