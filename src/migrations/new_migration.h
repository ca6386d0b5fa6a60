// Fixes -> one new migration of the project's own tool, under its rules. Nothing is written here: what would
// be is told as files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/schema_input.h"

namespace pgadvise::migrations {

// What is to be done to the schema, as SQL with or without CONCURRENTLY.
struct Change {
  std::string title;  // a comment in the migration
  std::string up;
  std::string down;  // "" when nothing takes it back
};

// A change as the tool at hand will run it.
struct Fitted {
  std::vector<std::string> up;  // statements, without semicolons
  std::vector<std::string> down;
  bool concurrent = false;  // it builds or drops indexes without a lock
  std::string note;  // "without CONCURRENTLY: drizzle runs migrations in one transaction"; "" when nothing
                     // had to give
};

// `input`: nullptr for a plain file. Errors (nonfatal), a reason: no migration can do it, or not by this
// tool.
Result<Fitted> fit(const SchemaInput* input, const Change& change);

struct NewMigration {
  std::string tool;  // "" for a plain file of SQL
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;  // what the person has to do or know, a sentence each
};

// Are new migrations written for the input's tool? Else they become a plain file.
bool writes_for(const SchemaInput& input);

// `input`: the folder that gets it (of find_schemas() or of find_code_migrations()), or nullptr for a plain
// file in `folder` ("pgadvise-fixes.sql", numbered when that is there). `now`: milliseconds since 1970.
// Migrations' versions are above all that are there, whatever the clock says. Errors: fit()'s; the folder is
// not in a state that a new migration may follow.
Result<NewMigration> new_migration(const SchemaInput* input, const std::string& folder,
                                   const std::vector<Change>& changes, std::int64_t now);

}  // namespace pgadvise::migrations
