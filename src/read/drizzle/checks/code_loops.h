// Queries in loops over the rows of an earlier query. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// The queries that run once for each row that an earlier query yields, with a key of the row: in for … of, in
// a counting loop over the rows, in map() and forEach(); also in functions of the project that the loop
// calls. Batches (inArray, values with a list), queries that are not awaited, and rows of a small constant
// limit are left out.
std::vector<QueryInLoop> queries_in_loops(CodeIndex& index);

}  // namespace pgadvise::drizzle
