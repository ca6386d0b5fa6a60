// Which tool runs a migration, and in what kind of transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "migrations/schema_input.h"
#include "model/schema_step.h"

namespace pgadvise::migrations {

// The migration without its steps: its name, its tool, how that runs it; by the folder, and by what tools
// read in comments.
Migration describe_migration(const SchemaInput& input, const SchemaFile& file, std::string_view text);

// Are its files run one after the other, once each? A folder of scripts that make a schema is none.
bool holds_migrations(const SchemaInput& input);

// The folder of migrations that a .sql file is one of, with all its files; nullopt when it stands alone.
std::optional<SchemaInput> migrations_around(const std::string& file);

// What pg_dump writes: a schema, and no migration.
bool is_dump(std::string_view text);

}  // namespace pgadvise::migrations
