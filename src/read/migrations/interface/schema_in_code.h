// Detects schemas that a repository keeps as programs, which pgadvise does not run.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

// A schema that was read.
struct ReadSchema {
  std::string folder;  // inside the repository; that of its file, if it is one file
  const MigrationTool* tool = nullptr;
  bool migrations = false;
};

// One line for each tool that keeps a PostgreSQL schema in code, with the command that checks or exports it.
// `files`: relative to the root, sorted. `read`: the schemas that were read; what is kept in code in the
// service of one of them, which already has its schema from there, is not named. A service is a folder with a
// package.json, go.mod or the like.
Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files,
                            const std::vector<ReadSchema>& read);

// Whether the diagnostic is one of schemas_in_code().
bool names_schema_in_code(const Error& error);

}  // namespace pgadvise::migrations
