// Text that code puts into SQL without a parameter. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// What sql.raw() gets, and execute() as a string: parts that are a request's value or a function's parameter
// of type string which nothing compares with known values before. A parameter is left out where every call of
// the function in the project gives it a constant. A value counts as checked where that is in doubt: an
// unknown schema, a check in another branch, a function too large to search.
std::vector<RawSql> raw_sql(CodeIndex& index);

}  // namespace pgadvise::drizzle
