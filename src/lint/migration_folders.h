// What rules on migrations share.
#pragma once

#include <string>

#include "lint/context.h"
#include "model/migration_tool.h"

namespace pgadvise::lint {

// What is known of the folder's tool; nothing but defaults if no tool has that id.
const ToolFacts& facts_of(const MigrationFolder& folder);

// The tracking table that a folder's tool keeps in the database: of that tool, with a row at least that the
// folder knows; nullptr when there is no database, or none such in it.
const TrackingTable* tracking_of(const Context& context, const MigrationFolder& folder);

// The rows of it that are about this migration; a reworked or repeated one may have several.
std::vector<const TrackingTable::Row*> rows_of(const TrackingTable& table, const MigrationFolder& folder,
                                               const MigrationEntry& migration);

// As people call it: where versions are mere numbers, the file's name.
std::string label(const MigrationFolder& folder, const MigrationEntry& migration);

// A place inside the project as the user would type it.
SourceLocation located(const Project& project, SourceLocation place);

// "drizzle.__drizzle_migrations", for messages.
std::string display(const TrackingTable& table);

}  // namespace pgadvise::lint
