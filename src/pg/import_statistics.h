// A production server's sizes and statistics on a sandbox that holds its schema and no row: so it plans as
// production does.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/relation_size.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// Before the schema is built: the collation, which is fixed for good with the first index on text.
void import_collation(Connection& admin, const Catalog& production);

// The planner reads a table's size off its file, and scales reltuples by it; what else it knows it takes from
// pg_class, pg_statistic and, of a B-tree, from its first page. So: files without content of the right
// length, rows in pg_class and pg_statistic (from 18 on by the server's own functions), and for each B-tree
// as many empty levels as it would have. Nothing of it can be run, only planned. `data`: the server's data
// directory. What has no counterpart on the sandbox is passed over.
void import_statistics(Connection& admin, const std::string& data, const Catalog& production,
                       const std::vector<RelationSize>& sizes, Diagnostics& diagnostics);

// pg_restore_relation_stats() and pg_restore_attribute_stats() of PostgreSQL 18: they answer false where some
// of it was not taken. `version`: the server's whose statistics they are. The column has statistics; what it
// has none of is NULL, and left out by the server.
struct RestoreStatement {
  std::string sql;
  Parameters parameters;
};
RestoreStatement restore_relation(const RelationSize& size, int version);
RestoreStatement restore_column(const QualifiedName& table, const Column& column, bool inherited,
                                int version);

// Bytes of the pages that a B-tree of so many levels over empty leaves begins with: the metapage, and one
// page a level.
std::string empty_tree(int height);

}  // namespace pgadvise::pg
