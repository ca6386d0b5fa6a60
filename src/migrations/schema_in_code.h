// Detects schemas that a repository keeps as programs, which pgadvise does not run.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::migrations {

// For a repository without a schema in SQL: one line for each tool that keeps a PostgreSQL schema in code,
// with the command that exports SQL. `files`: relative to the root.
Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files);

}  // namespace pgadvise::migrations
