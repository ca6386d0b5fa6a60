// Writes that follow each other outside of a transaction. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// The pairs of awaited writes to two tables of which the second runs after the first in the same function, on
// a database that is no transaction; of one table, two UPDATEs that add and subtract. Left out are writes on
// a database that the function receives (it may be a transaction), the branches of a condition, writes in
// `catch`, UPDATEs that set only times such as lastSeenAt, and functions that undo their writes. The number
// of pairs of a function is bounded.
std::vector<WritePairInCode> writes_in_sequence(CodeIndex& index);

}  // namespace pgadvise::drizzle
