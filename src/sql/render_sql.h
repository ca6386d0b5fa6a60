// A Catalog -> the SQL that makes it on an empty database: for the sandbox.
#pragma once

#include <string>

#include "model/catalog.h"

namespace pgadvise::sql {

// Of a catalog that a drizzle-kit snapshot gave: schemas, types, sequences, tables, indexes, foreign keys,
// views.
std::string render_sql(const Catalog& catalog);

// The same of a server's catalog, as far as plans depend on it: partitions and inheritance, keys, checks and
// indexes by their names, views; no defaults. A materialized view becomes a table: what it holds can't be
// had.
std::string planners_schema(const Catalog& catalog);

}  // namespace pgadvise::sql
