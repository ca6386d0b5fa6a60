// Migrations that are programs (MigrationTool::programs): the folders of a repository that hold them.
#pragma once

#include <string>
#include <vector>

#include "migrations/schema_input.h"

namespace pgadvise::migrations {

// The folders of such migrations under `root` to which a new one can be written, with their files in order.
std::vector<SchemaInput> find_code_migrations(const std::string& root);

// The folder that makes `table`. Where a tool's tables begin with a name of their folder's application, that
// decides. nullptr: it can't be told.
const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table);

}  // namespace pgadvise::migrations
