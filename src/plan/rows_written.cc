#include "plan/rows_written.h"

namespace pgadvise::plan {

// A ModifyTable has one input, before PostgreSQL 14 one for each table. CTEs and InitPlans stand before them.
double rows_written(const Plan& plan) {
  double sum = 0;
  visit(plan.root, [&](const PlanNode& node) {
    if (node.type != "ModifyTable") return;
    for (const auto& child : node.children)
      if (child.subplan.empty()) sum += child.plan_rows;
  });
  return sum;
}

}  // namespace pgadvise::plan
