// Migration folders as rules see them: entries, checksums, what their journals have wrong.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"
#include "model/project.h"

namespace pgadvise::migrations {

// Adds the migrations of these inputs to project.migrations, those of them that lie below its root. What the
// journal has wrong goes into MigrationFolder::problems; what can't be read has been named by find_schemas.
void read_migrations(Project& project, const std::vector<SchemaInput>& inputs);

// What a database says of an input's files, by the one tracking table that knows most of them; of two that
// know as many, none is believed. known = false: no table tells, and `input` is all of it.
struct AppliedPart {
  SchemaInput input;  // the files that have run
  bool known = false;
  QualifiedName table;
  std::set<std::string> due;  // paths of the files that the tool would run next
};
AppliedPart applied_part(const SchemaInput& input, const std::vector<TrackingTable>& tracking);

// The snapshot that the tool made with the last migration; "" when there is none, or the tool makes none.
std::string last_snapshot(const SchemaInput& input);

}  // namespace pgadvise::migrations
