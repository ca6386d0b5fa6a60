// Collects the plans that rules use.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/queries/plan_set.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"
#include "plan/run/planner.h"

namespace pgadvise::plan {

KnownPlan known_plan(Plan plan, std::string origin, const Catalog* catalog);

// The plans that auto_explain logged. An unreadable plan is skipped and reported.
void add_logged(PlanSet& set, const Workload& workload, const Catalog* catalog, Diagnostics& diagnostics);

// Requests plans of the statements from a server. The values of the first sample are analyzed if allowed;
// other samples are only planned, and kept if their plan differs. Skips statements that the server rejects,
// silently: the rules that suspect them report it. Stops if the server is lost (reported in
// `diagnostics`) or the planner is stopped. Uses all of the planner's sources; the result is the same as with
// one.
void add_planned(PlanSet& set, const std::vector<const Query*>& statements, const Catalog& catalog,
                 Planner& planner, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
