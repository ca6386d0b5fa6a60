// The fix of a query that code runs once for each round of a loop: one query for the keys of all rounds.
#pragma once

#include "lint/run/context.h"
#include "model/project/code.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

// The fix has no Drizzle code if
// - the identifier of a table or column in schema.ts is not known, or
// - inArray() cannot replace the key: the query has a LIMIT for each key, a join, GROUP BY, DISTINCT or a row
//   lock. The fix's title then names what to write instead.
// In the Drizzle code, "…" stands for conditions on columns other than the key.
Fix fix_of_loop(const Context& context, const QueryInLoop& found);

}  // namespace pgadvise::lint
