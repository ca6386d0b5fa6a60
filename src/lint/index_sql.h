// Compares existing indexes, and writes fixes that create or drop them.
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

// The same for a table in drizzle's schema.ts: the line to remove from it.
void add_drizzle_drop(Fix& fix, const Table& table, const Index& index, const Project* project);

// Whether two predicates have equal text, apart from outer parentheses and the case of keywords.
bool same_predicate(const Index& a, const Index& b);

// Whether the index can be dropped in favor of another one: not if it belongs to a constraint, to an index of
// a partitioned table, or is the replica identity.
bool droppable(const Index& index);

}  // namespace pgadvise::lint
