// One query for the keys of a loop in code.
#pragma once

#include "lint/context.h"
#include "model/code.h"
#include "model/finding.h"

namespace pgadvise::lint {

// Drizzle code is missing where a name of schema.ts is not known, and where the query for all keys is of
// another form: rows that a limit picks for each key, joins, groups, DISTINCT, row locks. The title then
// names that form. Conditions on other columns are "…" in the code.
Fix fix_of_loop(const Context& context, const QueryInLoop& found);

}  // namespace pgadvise::lint
