// Tables whose rows a seed script inserts as constants. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// Each table once, with its first insertion, in the order of files and lines. Without tables into which a
// migration, another SQL script or application code inserts, too. REQUIRES an index with queries.
std::vector<SeededTable> seeded_tables(typescript::Program& program, CodeIndex& index);

}  // namespace pgadvise::drizzle
