#include "model/queries/plan_inputs.h"

namespace pgadvise {

std::vector<const PlanNode*> inputs(const PlanNode& node) {
  std::vector<const PlanNode*> out;
  for (const auto& child : node.children)
    if (child.relationship != "InitPlan" && child.relationship != "SubPlan") out.push_back(&child);
  return out;
}

const PlanNode* first_input(const PlanNode& node) {
  const auto all = inputs(node);
  return all.empty() ? nullptr : all.front();
}

double input_rows(const PlanNode& node) {
  double out = 0;
  for (const PlanNode* input : inputs(node)) out += rows_of(*input);
  return out;
}

}  // namespace pgadvise
