// The relations that code states by Drizzle's relations(). Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// In the order of files and lines. REQUIRES an index with queries. Not defineRelations() (relations v2).
std::vector<CodeRelation> relations_in_code(typescript::Program& program, CodeIndex& index);

}  // namespace pgadvise::drizzle
