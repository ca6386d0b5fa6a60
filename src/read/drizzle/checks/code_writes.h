// Writes that follow each other outside of a transaction. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// Pairs of awaited writes in one function, outside of a transaction: the second write runs after the first,
// or both run in one Promise.all. A function runs also the writes, up to three, of the project's functions
// that it calls itself. A pair writes two tables, or adds to and subtracts from one table by UPDATE. The
// result omits writes on a database that a function receives (it may be a transaction), writes in different
// branches of a condition or in `catch`, UPDATEs that set only times such as lastSeenAt, and functions that
// undo their writes. The number of pairs of a function is bounded.
std::vector<WritePairInCode> writes_in_sequence(CodeIndex& index);

}  // namespace pgadvise::drizzle
