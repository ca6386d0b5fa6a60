// Chooses the migrations to check; the others are only replayed. Without an option these are the migrations
// that have not been applied, according to the database's tracking table; without a tracking table, the
// newest migration of a folder, as only git could tell which others are new.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/git.h"
#include "migrations/folders/schema_load.h"
#include "migrations/interface/schema_input.h"
#include "model/schema/migrations.h"

namespace pgadvise::check {

struct MigrationOptions {
  std::string since;     // --since REV; "" when not given
  bool changed = false;  // --changed
  // Report the findings about the whole schema, and not only those that the chosen migrations cause.
  bool all_schema = false;
};

// Single migration files that the command line names. Each is checked, and its folder replayed around it.
struct NamedMigrations {
  std::vector<migrations::SchemaInput> inputs;
  std::map<std::string, std::set<std::string>> files;
};
NamedMigrations take_out_migrations(std::vector<std::string>& paths);

struct Choice {
  bool migrations = false;  // the input has migrations
  migrations::CheckedMigrations checked;
  std::string note;  // for the report: "checked the newest migration, 0007_x, …"
};
// `named`: the files that the command line names; null: none. `tracking`: the tracking tables of the database
// of --db. Errors: those of git.
Result<Choice> choose_migrations(files::Git& git, const migrations::SchemaInput& input,
                                 const std::set<std::string>* named, const MigrationOptions& options,
                                 const std::vector<TrackingTable>& tracking);

// The migrations to check after the input is replayed with `choice`; nullopt: none. A script that creates
// every table that it touches is a schema, and not a migration.
std::optional<std::vector<Migration>> checked_migrations(const migrations::SchemaInput& input, Choice choice);

}  // namespace pgadvise::check
