// What a PATH is -> its catalog, its migrations, and the SQL that makes it.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"
#include "model/schema_step.h"
#include "model/suppression.h"
#include "sql/replay_counts.h"

namespace pgadvise::migrations {

// Replays it into a catalog. What fails inside is named in `diagnostics`, and counted. Errors: wholly
// unreadable.
Result<Catalog> load(const SchemaInput& input, Diagnostics& diagnostics, sql::ReplayCounts* counts = nullptr);

// Which of an input's files are migrations to be judged, and what came of them.
struct CheckedMigrations {
  std::set<std::string> files;   // paths, as in the input
  bool together = false;         // they are deployed at once: what the first makes is new to the last
  std::vector<Migration> found;  // filled by load()
  std::vector<Suppression>
      suppressions;  // filled by load(): of comments in any of its files (sql/suppressions.h)
};
Result<Catalog> load(const SchemaInput& input, CheckedMigrations& checked, Diagnostics& diagnostics,
                     sql::ReplayCounts* counts = nullptr);

// The SQL that makes the schema on an empty database, as (file, text) in order: for the sandbox. A drizzle
// snapshot is rendered. Errors: wholly unreadable; a server's snapshot.
Result<std::vector<std::pair<std::string, std::string>>> schema_sql(const SchemaInput& input,
                                                                    Diagnostics& diagnostics);

}  // namespace pgadvise::migrations
