// Which migrations check judges. Those that have long run are not judged again: with a database that keeps a
// record, those that have not run there; else the newest one of a folder, since nothing but git can tell
// which others are new.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrations/schema_input.h"
#include "migrations/schema_load.h"
#include "model/migrations.h"

namespace pgadvise::check {

struct MigrationOptions {
  std::string since;     // --since REV; "" when not given
  bool changed = false;  // --changed
};

// .sql files that are part of a migrations folder are judged by name, with the folder replayed around them:
// taken out of `paths`, their folders come back, and the files by the folder's path.
struct NamedMigrations {
  std::vector<migrations::SchemaInput> inputs;
  std::map<std::string, std::set<std::string>> files;
};
NamedMigrations take_out_migrations(std::vector<std::string>& paths);

struct Choice {
  bool migrations = false;  // the input holds any
  migrations::CheckedMigrations checked;
  std::string note;  // for the report: "judged the newest, 0007_x; …"
};
// `named`: the files that the command line names, if it does; `tracking`: of the database of --db. Errors:
// git's.
Result<Choice> choose_migrations(const migrations::SchemaInput& input, const std::set<std::string>* named,
                                 const MigrationOptions& options, const std::vector<TrackingTable>& tracking);

}  // namespace pgadvise::check
