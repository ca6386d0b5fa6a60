// The plans that rules look at.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/plan_set.h"
#include "model/workload.h"
#include "plan/planner.h"

namespace pgadvise::plan {

KnownPlan known_plan(Plan plan, std::string origin, const Catalog* catalog);

// Those that auto_explain logged. One that can't be read is left out and named.
void add_logged(PlanSet& set, const Workload& workload, const Catalog* catalog, Diagnostics& diagnostics);

// Those of the statements, with the values of their first sample analyzed where that is allowed; with others'
// values planned, and kept where they give another plan. What the server refuses is left out in silence:
// rules that suspect such a statement say so. Ends when the server is gone (told in `diagnostics`) or the
// planner is stopped. On all of the planner's sources, with the same outcome as on one.
void add_planned(PlanSet& set, const std::vector<const Query*>& statements, const Catalog& catalog,
                 Planner& planner, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
