// Turns fixes into one new migration of the project's own tool, under the tool's rules. Returns the files and
// writes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/interface/schema_input.h"

namespace pgadvise::migrations {

// A change of the schema, as SQL with or without CONCURRENTLY.
struct Change {
  std::string title;  // a comment in the migration
  std::string up;
  std::string down;  // "" if it cannot be undone

  // Of what split_migration() takes out of a migration.
  bool own = false;             // the project's own statement, of any kind
  bool alone = false;           // in a migration of its own, after the others
  bool lock_timeout = false;    // its transaction begins by setting lock_timeout
  std::string suppressed = {};  // the rule that a comment before the statement suppresses
};

// A change in the form that the tool can run.
struct Fitted {
  std::vector<std::string> up;  // statements, without semicolons
  std::vector<std::string> down;
  bool concurrent = false;  // builds or drops indexes concurrently
  std::string note;  // "without CONCURRENTLY: drizzle runs migrations in one transaction"; "" when nothing
                     // had to give
};

// Adapts a change to the input's tool (nullptr: a plain file). Errors (nonfatal): why no migration, or no
// migration of this tool, can make the change.
Result<Fitted> fit(const SchemaInput* input, const Change& change);

struct NewMigration {
  std::string tool;  // "" for a plain file of SQL
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;  // remarks for the user, one sentence each
};

// Whether pgadvise writes migrations for the input's tool; otherwise it writes a plain file.
bool writes_for(const SchemaInput& input);

// Creates the migration. `input`: the folder to add it to (from find_schemas() or find_code_migrations()), or
// nullptr for a plain file in `folder` ("pgadvise-fixes.sql", with a number if it exists). `now`:
// milliseconds since 1970; versions are always above existing ones. Errors: those of fit(); a new migration
// cannot follow the folder's current state.
Result<NewMigration> new_migration(const SchemaInput* input, const std::string& folder,
                                   const std::vector<Change>& changes, std::int64_t now);

}  // namespace pgadvise::migrations
