// What rules on migrations share.
#pragma once

#include <string>

#include "lint/context.h"

namespace pgadvise::lint {

// The tracking table that a folder's tool keeps in the database: of that tool, with a row at least that the folder knows;
// nullptr when there is no database, or none such in it.
const TrackingTable* tracking_of(const Context& context, const MigrationFolder& folder);

// The rows of it that are about this migration; a reworked or repeated one may have several.
std::vector<const TrackingTable::Row*> rows_of(const TrackingTable& table, const MigrationFolder& folder, const MigrationEntry& migration);

// As people call it: flyway's versions are mere numbers, so there it is the file's name.
std::string label(const MigrationFolder& folder, const MigrationEntry& migration);

// A place inside the project as the user would type it.
Place located(const Project& project, Place place);

// "drizzle.__drizzle_migrations", for messages.
std::string display(const TrackingTable& table);

}  // namespace pgadvise::lint
