// What `with` of findMany() and findFirst() names, compared with the relations that code declares. Internal
// to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "drizzle/code/code_relations.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// Names whose value is `true` or an object literal and that the table's relations, all of them known, do not
// have; in the order of files and lines. Empty if the code has no relations, or if some are of a table that
// is not known.
std::vector<UndeclaredRelation> undeclared_relations(CodeIndex& index, const RelationNames& names);

// Empty in the same cases. Leaves out tables whose relations, or their other tables, are not all known.
RelationalTables relational_tables(CodeIndex& index, const RelationNames& names);

}  // namespace pgadvise::drizzle
