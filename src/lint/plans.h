// What rules that look at plans share.
#pragma once

#include <string>

#include "lint/context.h"
#include "model/plan_set.h"

namespace pgadvise::lint {

// The table that a scan reads. Without VERBOSE a plan does not tell the schema: the statement's own table of that name, then.
QualifiedName table_of(const Query& query, const PlanNode& scan);

// The plan's origin and place before what it shows.
Evidence plan_fact(const KnownPlan& plan, std::string text);

// Confirmed where the plan has true figures; else suspected, with the reason.
void judge_by(Finding& finding, const KnownPlan& plan);

// A statement of the application's, of which a plan says something: parsed, none of the server's catalogs, and not of a tool alone.
bool of_application(const Query& query);

}  // namespace pgadvise::lint
