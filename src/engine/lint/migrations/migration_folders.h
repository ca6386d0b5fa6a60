// Shared by the rules about folders of migrations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lint/run/context.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::lint {

// The facts about the folder's tool; defaults if no tool has this id.
const ToolFacts& facts_of(const MigrationFolder& folder);

// The database's tracking table of the folder's tool, with at least one migration of the folder; nullptr
// without a database, or if none matches.
const TrackingTable* tracking_of(const Context& context, const MigrationFolder& folder);

// The rows of the tracking table for this migration; a reworked or repeated migration may have several.
std::vector<const TrackingTable::Row*> rows_of(const TrackingTable& table, const MigrationFolder& folder,
                                               const MigrationEntry& migration);

// Whether the deployment runs code of the project that reads drizzle's journal and runs the files itself,
// without drizzle-orm's migrate(): which entries it takes as pending, is not known.
bool runs_journal_itself(const Project& project);

// The usual name of a migration: the file's name if versions are just numbers.
std::string label(const MigrationFolder& folder, const MigrationEntry& migration);

// The first three names, and the number of the others: "a, b, c and 2 more", "a and b".
std::string enumerated(const std::vector<std::string>& names);

// Whether a command has the word, or an option of this name: "--url", "--url=…".
bool has_word(const std::vector<std::string>& words, std::string_view word);

// "drizzle.__drizzle_migrations", for messages.
std::string display(const TrackingTable& table);

}  // namespace pgadvise::lint
