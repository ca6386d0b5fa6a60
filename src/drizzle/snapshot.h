// A drizzle-kit snapshot (meta/NNNN_snapshot.json) -> Catalog.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/catalog.h"

namespace pgadvise::project {

// Is this text one of drizzle-kit's snapshots, of whatever version and dialect?
bool looks_like_snapshot(std::string_view text);

// Versions 5 to 8, dialects pg, postgresql and postgres. Errors: broken JSON, another version or dialect. What does not fit the
// form inside (a column without a type …) is named in `diagnostics` and left out.
Result<Catalog> read_snapshot(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// The SQL that makes such a catalog on an empty database: schemas, types, sequences, tables, indexes, foreign keys, views.
std::string render_sql(const Catalog& catalog);

// The same of a server's catalog, as far as plans depend on it: partitions and inheritance, keys, checks and indexes by their
// names, views; no defaults. A materialized view becomes a table: what it holds can't be had.
std::string planners_schema(const Catalog& catalog);

}  // namespace pgadvise::project
