// The relations that code states by Drizzle's relations(), defineRelations() and defineRelationsPart().
// Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// In the order of files and lines. Left out are those through a third table, and those with a
// condition. REQUIRES an index with queries.
std::vector<CodeRelation> relations_in_code(typescript::Program& program, CodeIndex& index);

}  // namespace pgadvise::drizzle
