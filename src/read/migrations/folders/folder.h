// Describes migration folders for rules: entries, checksums, and problems of journals.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrations/interface/schema_input.h"
#include "model/project/project.h"
#include "model/schema/catalog.h"

namespace pgadvise::migrations {

// Adds the migrations of the inputs below the project's root to project.migrations, and problems of journals
// to MigrationFolder::problems. Unreadable files were reported by find_schemas().
void read_migrations(Project& project, const std::vector<SchemaInput>& inputs);

// Splits an input's files into applied and pending ones, by the tracking table that has most of them. known =
// false, and `input` has all files, if no table has any, or two tables have equally many.
struct AppliedPart {
  SchemaInput input;  // the applied files
  bool known = false;
  QualifiedName table;
  std::set<std::string> due;  // paths of the pending files
};
AppliedPart applied_part(const SchemaInput& input, const std::vector<TrackingTable>& tracking);

// The snapshot that the tool created with the last migration; "" if there is none.
std::string last_snapshot(const SchemaInput& input);

}  // namespace pgadvise::migrations
