// Migrations that are programs: Rails, Django, Alembic, Knex, Sequelize, TypeORM, node-pg-migrate. None is run or understood here, but one
// more can stand behind them, with SQL in it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/schema_input.h"

namespace pgadvise::migrations {

// One migration's statements, without semicolons.
struct Steps {
  std::string name;                 // of lower-case letters, digits and _
  std::vector<std::string> titles;  // comments
  std::vector<std::string> up;
  std::vector<std::string> down;
  bool concurrent = false;          // it must run in no transaction
};

// The folders of such migrations under `root`, with their files in order; `tool` is none of migration_tools().
std::vector<SchemaInput> find_code_migrations(const std::string& root);

// The folder that makes `table`, by the rules of its tool: of Django the application whose name the table's begins with. nullptr: it can't
// be told.
const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table);

// `version`: the new one, where the tool's names begin with one. `last`: the migration that was written before this one in the same run, ""
// for the first; gets this one's. Errors (passing): which migration is the last is not known.
Result<files::NewFile> code_migration(const SchemaInput& input, const Steps& steps, const std::string& version, std::string& last);

}  // namespace pgadvise::migrations
