#include "plan/read/rows_written.h"

#include "model/queries/plan_inputs.h"

namespace pgadvise::plan {

// A ModifyTable has one input, before PostgreSQL 14 one for each table.
double rows_written(const Plan& plan) {
  double sum = 0;
  visit(plan.root, [&](const PlanNode& node) {
    if (node.type == "ModifyTable") sum += input_rows(node);
  });
  return sum;
}

}  // namespace pgadvise::plan
