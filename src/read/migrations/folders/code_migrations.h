// Finds folders of migrations that are programs (MigrationTool::programs).
#pragma once

#include <string>
#include <vector>

#include "migrations/interface/schema_input.h"

namespace pgadvise::migrations {

// The folders of such migrations under `root`, with their files in order. Whether pgadvise can add one:
// writes_for().
std::vector<SchemaInput> find_code_migrations(const std::string& root);

// The folder that creates `table`. If a tool's table names start with the name of their folder's application,
// this decides. nullptr if unknown.
const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table);

}  // namespace pgadvise::migrations
