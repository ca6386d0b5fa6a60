// A schema that pgadvise reads: a script, a folder of migrations, a snapshot or an ORM's source.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "drizzle/kit/journal.h"
#include "files/files.h"
#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

struct DeclaredSource;  // source_schemas.h

enum class SchemaKind {
  none,
  sql_file,    // one script: a dump or a migration
  migrations,  // a folder of a migration tool: tools.h
  // .sql files in name order, numbers by value, without down migrations; what needs an object that a later
  // file creates is replayed after it
  sql_folder,
  drizzle_snapshot,  // one NNNN_snapshot.json or snapshot.json, version 5 to 8
  source,            // source of an ORM that declares tables, and has no migrations
  server_snapshot,   // a snapshot of `pgadvise snapshot`: catalog_snapshot.h
  executed,          // what a migrate command executed: executed.h
};

// The SQL of migrations that a command ran, by SchemaFile::path.
struct ExecutedScripts {
  struct Script {
    std::string text;
    Migration::Transaction transaction = Migration::Transaction::none;
    bool has_file = false;  // the path is that of a file; else what the tool calls the migration
  };
  std::string tool;  // ToolFacts::id; "" if unknown
  std::map<std::string, Script> scripts;
};

struct SchemaInput {
  SchemaKind kind = SchemaKind::none;
  std::string path;
  std::vector<SchemaFile> files;                    // in the order of replay
  const MigrationTool* tool = nullptr;              // of migration folders
  std::vector<drizzle::JournalEntry> journal = {};  // for tools with a journal
  // Files that the tool's journal or plan names do not exist: replaying the others gives another schema.
  bool incomplete = false;
  bool programs = false;      // the files are programs: MigrationTool::programs has their writer
  UserPaths user_paths = {};  // the files are read with these
  // Of kind `source`, and of migrations that the ORM's tool writes from it.
  std::shared_ptr<const DeclaredSource> source = {};
  std::string root = {};  // of `source`: the repository
  // Of kind `source`: the names, without schemas, of tables that scripts create which pgadvise did not read.
  std::set<std::string> created_by_scripts = {};
  std::shared_ptr<const ExecutedScripts> executed = {};  // of kind `executed`
  std::string what() const;  // "drizzle migrations (5 files)", for the report's inputs
};

}  // namespace pgadvise::migrations
