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

// One line a node: the time it took by itself, its share, its rows, and what is remarkable. Nodes that took
// under 1 % with all below them, and of which nothing is said, are folded. Without times (plain EXPLAIN)
// planner costs take their place. Below the tree the insights, with the conditions that they are about.
std::string plan_text(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const PlanTextOptions& options);

// Plans of one statement with different values of its parameters, one entry for each plan.
struct PlanVariant {
  std::string values;   // "generic plan", "a common value, a rare value"
  double cost = 0;      // of the first of them
  std::string summary;  // "Index Scan using i on orders, Seq Scan on customers"
  std::string shown;    // "$1 = 'open'", only where literals are to be shown
};
std::string summary(const Plan& plan);
std::string variants_text(const std::vector<PlanVariant>& variants, int width);

// `in_part`: "complete" is false, as not all of the plan was understood.
std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const std::vector<PlanVariant>& variants = {}, bool in_part = false);

}  // namespace pgadvise::report
