// Writes fixes that create or drop existing indexes. model/index_comparison.h compares indexes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/project/project.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "model/schema/index_comparison.h"

namespace pgadvise::lint {

// "btree (a, lower(b)) WHERE c": for messages and comparison by eye.
std::string definition(const Index& index);

// A name for a new index: base and suffix, of which the base is cut where the name would exceed PostgreSQL's
// 63 bytes; a hash of the base then tells equal beginnings apart. No relation of the schema has that name.
std::string new_index_name(const Catalog& catalog, const std::string& schema, const std::string& base,
                           std::string_view suffix);

// A unique index over the columns, named TABLE_COLUMN_key.
Index new_unique_index(const Catalog& catalog, const Table& table, const std::vector<std::string>& columns);

// A primary key over the columns, named TABLE_pkey as PostgreSQL names it.
Constraint new_primary_key(const Table& table, std::vector<std::string> columns);

// CREATE INDEX, concurrent unless the table is partitioned.
std::string create_index_sql(const Table& table, const Index& index);

// The same with DROP INDEX as its way back; and with DROP INDEX of the index that the new one replaces, which
// belongs to no constraint.
Fix create_index(const Table& table, const Index& index, std::string title);
Fix replace_index(const Table& table, const Index& old, const Index& index, std::string title);

// REINDEX CONCURRENTLY.
Fix rebuild_index(const Table& table, const Index& index);

// An index over columns that are compared by =.
IndexProposal proposed_index(const Table& table, const std::vector<std::string>& columns);

// DROP INDEX with the CREATE as its way back; of a constraint's index: DROP CONSTRAINT and ADD.
Fix drop_index(const Table& table, const Index& index, Fix::Safety safety);

// The same for a table in drizzle's schema.ts: the line to remove from it.
void add_drizzle_drop(Fix& fix, const Table& table, const Index& index, const Project* project);

// Whether the index can be dropped in favor of another one: not if it belongs to a constraint, to an index of
// a partitioned table, or is the replica identity.
bool droppable(const Index& index);

}  // namespace pgadvise::lint
