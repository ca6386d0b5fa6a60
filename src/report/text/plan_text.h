// Formats a plan as a tree for a terminal, with its insights.
#pragma once

#include <string>
#include <vector>

#include "model/queries/plan.h"
#include "plan/insights/analysis.h"

namespace pgadvise::report {

struct PlanTextOptions {
  bool color = false;
  bool unicode = true;
  int width = 80;
  bool whole = false;  // show all nodes
};

// One line per node: its own time, its share, its rows, and flags of insights. Folds nodes that took under 1
// % including their children and have no insight. A plan without times (plain EXPLAIN) shows planner costs.
// The insights follow the tree, with the conditions that they refer to.
std::string plan_text(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const PlanTextOptions& options);

// The plans of one statement for different parameter values, one entry for each distinct plan.
struct PlanVariant {
  std::string values;   // "generic plan", "a common value, a rare value"
  double cost = 0;      // of the first of these values
  std::string summary;  // "Index Scan using i on orders, Seq Scan on customers"
  std::string shown;    // "$1 = 'open'", only if literals may be shown
};
std::string summary(const Plan& plan);
std::string variants_text(const std::vector<PlanVariant>& variants, int width);

}  // namespace pgadvise::report
