// Writes the SQL that creates a Catalog in an empty database, for a sandbox.
#pragma once

#include <string>

#include "model/schema/catalog.h"

namespace pgadvise::sql {

// For a catalog from a drizzle-kit snapshot: schemas, types, sequences, tables, indexes, foreign keys, views.
std::string render_sql(const Catalog& catalog);

// For a server's catalog, as far as plans depend on it: partitions and inheritance, keys, checks and indexes
// with their names, views; no defaults. A materialized view becomes a table, as its rows are not available.
std::string planners_schema(const Catalog& catalog);

}  // namespace pgadvise::sql
