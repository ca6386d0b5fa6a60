// Limits of queries in code whose rows may come in any order. Internal to code_reader.h.
#pragma once

#include "drizzle/code/code_index.h"

namespace pgadvise::drizzle {

// Whether the code takes any rows of a limited query: a loop deletes or updates them and takes the next ones,
// or the limit is 2 and the code compares how many there are. Cost: the nodes of the loop or function around
// it.
bool takes_any_rows(CodeIndex& index, const FoundQuery& query);

}  // namespace pgadvise::drizzle
