// Finds the schema inputs of a PATH.
#pragma once

#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "files/files.h"
#include "migrations/interface/schema_input.h"

namespace pgadvise::migrations {

// Detects the kind of a PATH by its content. For a repository, returns each migrations folder and
// structure.sql file, sorted by path; loose .sql files are ignored. The SQL of tests, fixtures and
// documentation, and migrations of other databases, are skipped and reported in `diagnostics`. Errors: the
// path is missing, unreadable, or not a schema. `leave_out` excludes paths of a repository; a migrations
// folder is read whole or not at all.
Result<std::vector<SchemaInput>> find_schemas(const std::string& path, Diagnostics& diagnostics,
                                              const files::LeaveOut& leave_out = {},
                                              const UserPaths& user_paths = {});

// Whether the diagnostic is the one of find_schemas() about scripts that create tables and that it skipped.
bool names_unread_scripts(const Error& error);

}  // namespace pgadvise::migrations
