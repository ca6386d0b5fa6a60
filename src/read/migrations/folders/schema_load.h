// Loads a schema input: its catalog, its migrations, and the SQL that creates it.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "migrations/interface/schema_input.h"
#include "model/results/suppression.h"
#include "model/schema/catalog.h"
#include "model/schema/schema_step.h"
#include "sql/parse/placeholders.h"
#include "sql/replay/replay_counts.h"

namespace pgadvise::migrations {

// Replays the input into a catalog, with names for placeholders (sql/placeholders.h), which are reported in
// `diagnostics`. Failing statements are reported in `diagnostics`, and counted. Errors:
// nothing is readable.
Result<Catalog> load(const SchemaInput& input, Diagnostics& diagnostics, sql::ReplayCounts* counts = nullptr);

// Which files of an input are migrations to check, and the results.
struct CheckedMigrations {
  std::set<std::string> files;  // paths, as in the input
  bool together =
      false;  // they are deployed together: tables that the first one creates are new for the last one
  std::vector<Migration> found;  // filled by load()
  std::vector<Suppression>
      suppressions;  // filled by load(): of comments in any of its files (sql/suppressions.h)
};
Result<Catalog> load(const SchemaInput& input, CheckedMigrations& checked, Diagnostics& diagnostics,
                     sql::ReplayCounts* counts = nullptr);

// The SQL that creates the schema in an empty database, as (file, text) in order, for a sandbox. A drizzle
// snapshot is converted. Placeholders are filled with names, which `placeholders` collects. Errors: nothing
// is readable; a server's snapshot.
Result<std::vector<std::pair<std::string, std::string>>> schema_sql(
    const SchemaInput& input, Diagnostics& diagnostics, sql::Placeholders* placeholders = nullptr);

}  // namespace pgadvise::migrations
