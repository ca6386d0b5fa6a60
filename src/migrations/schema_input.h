// A PATH -> what it is.
#pragma once

#include <string>
#include <vector>

#include "base/input_file.h"
#include "base/result.h"
#include "drizzle/journal.h"
#include "files/files.h"
#include "migrations/tools.h"

namespace pgadvise::migrations {

enum class SchemaKind {
  none,
  sql_file,          // one script: a dump or a migration
  migrations,        // a folder of a migration tool: tools.h
  sql_folder,        // .sql files in name order, numbers by value; down migrations left out
  drizzle_snapshot,  // one NNNN_snapshot.json or snapshot.json, version 5 to 8
  server_snapshot,   // what `pgadvise snapshot` wrote: catalog_snapshot.h
};

struct SchemaInput {
  SchemaKind kind = SchemaKind::none;
  std::string path;
  std::vector<SchemaFile> files;                    // in the order of replay
  const MigrationTool* tool = nullptr;              // of migration folders
  std::vector<drizzle::JournalEntry> journal = {};  // of tools that keep one
  bool programs = false;      // the files are programs: MigrationTool::programs has their writer
  UserPaths user_paths = {};  // that its files are read with
  std::string what() const;   // "drizzle migrations (5 files)", for the report's inputs
};

// Finds out by content what a PATH holds. A repository gives each of its migration folders and structure.sql
// files, sorted by path, and nothing when it has none: loose .sql files are not guessed at, and of tests and
// examples only the folders of unmistakable tools are read. Migrations of other databases are left out, and
// named in `diagnostics`. Errors: the path is missing, can't be read, or is no kind of schema. What is left
// out of a repository is not looked for; a migrations folder is read whole or not at all.
Result<std::vector<SchemaInput>> find_schemas(const std::string& path, Diagnostics& diagnostics,
                                              const files::LeaveOut& leave_out = {},
                                              const UserPaths& user_paths = {});

}  // namespace pgadvise::migrations
