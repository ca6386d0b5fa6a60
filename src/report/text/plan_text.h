// Formats a plan as a tree for a terminal, with its insights.
#pragma once

#include <string>
#include <vector>

#include "model/queries/plan.h"
#include "plan/insights/analysis.h"
#include "report/text/paint.h"

namespace pgadvise::report {

// One line per node: its own time, its share, its rows, and flags of insights. Folds nodes that took under 1
// % including their children and have no insight, unless `whole` is set. A plan without times (plain EXPLAIN)
// shows planner costs. The insights follow the tree, with the conditions that they refer to.
std::string plan_text(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const Look& look, bool whole = false);

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
