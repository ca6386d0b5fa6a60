// Finds problems in an analyzed plan by common practice and measurements. Each insight has the numbers that
// it is based on.
#pragma once

#include <vector>

#include "model/queries/plan.h"
#include "model/schema/catalog.h"
#include "plan/insights/analysis.h"

namespace pgadvise::plan {

// Insights in the order of the tree, those about the whole plan last. Without `catalog` (nullptr), sizes of
// tables are unknown, and estimated from the rows and blocks read.
std::vector<Insight> insights(const Plan& plan, const PlanTimes& times, const Catalog* catalog);

}  // namespace pgadvise::plan
