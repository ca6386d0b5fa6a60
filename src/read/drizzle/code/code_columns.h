// Queries of all columns of whose row code uses only some. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// `const [row] = await db.select().from(t)` and `const row = await db.query.t.findFirst()`, if the function
// does nothing with `row` but to read named columns and to test whether there is one. Left out are joins,
// `with`, rows that are passed, returned, spread, logged, changed or given another name, and files with
// syntax errors.
std::vector<UnusedColumns> unused_columns(CodeIndex& index);

}  // namespace pgadvise::drizzle
