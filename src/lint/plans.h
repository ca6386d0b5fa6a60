// What rules that look at plans share.
#pragma once

#include <string>

#include "lint/context.h"
#include "model/plan_set.h"

namespace pgadvise::lint {

// The table that a scan node reads. A plan without VERBOSE has no schema names; then the table of that name
// in the statement.
QualifiedName table_of(const Query& query, const PlanNode& scan);

// Evidence with the plan's origin and location, followed by `text`.
Evidence plan_fact(const KnownPlan& plan, std::string text);

// Sets the verdict: confirmed if the plan was run (EXPLAIN ANALYZE), else suspected, with the reason.
void apply_plan(Finding& finding, const KnownPlan& plan);

// Does a plan of the query say something about the application? False for unparsed statements, queries on
// system catalogs, and queries that only tools sent (by_tool_alone()).
bool of_application(const Query& query);

}  // namespace pgadvise::lint
