// Imports a production server's sizes and statistics into a sandbox with the same schema and no rows, which
// then plans like production.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema/relation_size.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// Call before the schema is built: sets the collation, which cannot change after the first index on text.
void import_collation(Connection& admin, const Catalog& production);

// The planner takes a table's size from its file and scales reltuples by it; other statistics come from
// pg_class, pg_statistic and, for a B-tree, its first page. So this function creates sparse files of the
// right length, rows in pg_class and pg_statistic (with the server's functions from 18 on), and for each
// B-tree as many empty levels as in production. The tables can be planned for, not read. `data`: the server's
// data directory. Skips objects that the sandbox lacks, and values of types that only the script's functions
// could read. `admin`: a superuser, with search_path = pg_catalog, since the schema's objects are somebody
// else's. `owner`: the role that owns the schema.
void import_statistics(Connection& admin, Connection& owner, const std::string& data,
                       const Catalog& production, const std::vector<RelationSize>& sizes,
                       Diagnostics& diagnostics);

// Calls of pg_restore_relation_stats() and pg_restore_attribute_stats() of PostgreSQL 18, which return false
// if part of the statistics was not accepted. `version`: of the server that the statistics come from. The
// column must have statistics; missing values are NULL, which the server ignores.
struct RestoreStatement {
  std::string sql;
  Parameters parameters;
};
RestoreStatement restore_relation(const RelationSize& size, int version);
RestoreStatement restore_column(const QualifiedName& table, const Column& column, bool inherited,
                                int version);

// The first pages of a B-tree with this number of levels and empty leaves: the metapage, and one page per
// level.
std::string empty_tree(int height);

}  // namespace pgadvise::pg
