// Shared by the rules that use plans.
#pragma once

#include <string>

#include "lint/run/context.h"
#include "model/queries/plan_set.h"

namespace pgadvise::lint {

// The table that a scan node reads. A plan without VERBOSE has no schema names: then the statement's table
// with this name.
QualifiedName table_of(const Query& query, const PlanNode& scan);

// Evidence with the plan's origin and location, followed by `text`.
Evidence plan_fact(const KnownPlan& plan, std::string text);

// Sets the verdict: confirmed if the plan was run (EXPLAIN ANALYZE), else suspected, with the reason.
void apply_plan(Finding& finding, const KnownPlan& plan);

// Sets the verdict of a finding from plans under two schemas: confirmed, unless one of the schemas is
// incomplete.
void apply_comparison(Finding& finding, const PlanComparison& comparison);

// Whether plans of the query concern the application. False for unparsed statements, queries on system
// catalogs, and queries sent only by tools (by_tool_alone()).
bool of_application(const Query& query);

}  // namespace pgadvise::lint
