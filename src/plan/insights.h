// What shared practice and measurements make of an analyzed plan: each insight with the figures that it rests
// on.
#pragma once

#include <vector>

#include "model/catalog.h"
#include "model/plan.h"
#include "plan/analysis.h"

namespace pgadvise::plan {

// In the order of the tree, the whole plan's at the end. `catalog` may be nullptr: sizes of tables then are
// unknown, and judged by what was read.
std::vector<Insight> insights(const Plan& plan, const PlanTimes& times, const Catalog* catalog);

}  // namespace pgadvise::plan
