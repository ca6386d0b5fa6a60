// Schemas that a repository keeps as programs, which nothing here runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::migrations {

// One line for each tool that keeps a PostgreSQL schema in code, with the command that makes SQL of it: for a
// repository that has no schema in SQL. `files`: relative to the root.
Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files);

}  // namespace pgadvise::migrations
