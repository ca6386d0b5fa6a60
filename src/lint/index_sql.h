// Indexes that exist, compared and written down as SQL.
#pragma once

#include <string>

#include "model/catalog.h"
#include "model/finding.h"
#include "model/project.h"

namespace pgadvise::lint {

// "btree (a, lower(b)) WHERE c": for messages and comparison by eye.
std::string definition(const Index& index);

// CREATE INDEX, concurrent unless the table is partitioned.
std::string create_index_sql(const Table& table, const Index& index);

// DROP INDEX with the CREATE as its way back; of a constraint's index: DROP CONSTRAINT and ADD.
Fix drop_index(const Table& table, const Index& index, Fix::Safety safety);

// The same where drizzle's schema.ts tells of the table: what to take out of it.
void add_drizzle_drop(Fix& fix, const Table& table, const Index& index, const Project* project);

// Two predicates that say the same, as far as their text tells: outer parentheses and letter case of keywords
// aside.
bool same_predicate(const Index& a, const Index& b);

// Only the plain form of an index can be dropped for another's sake: not a constraint's, not a partition's
// part, not the replica identity.
bool droppable(const Index& index);

}  // namespace pgadvise::lint
