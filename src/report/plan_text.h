// A plan as a tree that fits a terminal, and what it tells.
#pragma once

#include <string>
#include <vector>

#include "model/plan.h"
#include "plan/analysis.h"

namespace pgadvise::report {

struct PlanTextOptions {
  bool colour = false;
  bool unicode = true;
  int width = 80;
  bool whole = false;  // no node is folded away
};

// One line a node: the time it took by itself, its share, its rows, and what is remarkable. Nodes that took under 1 % with all below
// them, and of which nothing is said, are folded. Without times (plain EXPLAIN) planner costs take their place. Below the tree the
// insights, with the conditions that they are about.
std::string plan_text(const Plan& plan, const plan::PlanTimes& times, const std::vector<plan::Insight>& insights, const PlanTextOptions& options);

std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<plan::Insight>& insights);

}  // namespace pgadvise::report
