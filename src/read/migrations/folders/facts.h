// Finds out which tool runs a migration, and in what kind of transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "migrations/interface/schema_input.h"
#include "model/schema/schema_step.h"

namespace pgadvise::migrations {

// Describes a migration without its steps: name, tool, and transaction, from the folder and from comments
// that tools read.
Migration describe_migration(const SchemaInput& input, const SchemaFile& file, std::string_view text);

// Whether the input's files are migrations, each run once, in order; not a folder of scripts that create a
// schema.
bool holds_migrations(const SchemaInput& input);

// The migrations folder of a .sql file, with all its files; nullopt if the file is not in one.
std::optional<SchemaInput> migrations_around(const std::string& file);

// Whether the text is a dump of pg_dump, which is not a migration.
bool is_dump(std::string_view text);

}  // namespace pgadvise::migrations
