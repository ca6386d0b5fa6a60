// The children of a plan's node whose rows it reads.
#pragma once

#include <vector>

#include "model/queries/plan.h"

namespace pgadvise {

// In EXPLAIN's order, without CTEs, InitPlans and SubPlans, which EXPLAIN lists before or behind them: of a
// join the outer one first. They live as long as the node.
std::vector<const PlanNode*> inputs(const PlanNode& node);

// The first of them; nullptr: the node has none.
const PlanNode* first_input(const PlanNode& node);

// Rows that all inputs returned, as rows_of() of each.
double input_rows(const PlanNode& node);

}  // namespace pgadvise
