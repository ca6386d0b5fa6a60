// Classifies scripts that fill or empty a database by their effect on one that is in use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deploy/commands/code_commands.h"

namespace pgadvise::deploy {

// Whether the name is that of a script for seeding or resetting: "prisma/seed.ts", "script db:reset".
bool named_for_seeding(std::string_view name);

// Whether the name is that of a script that empties a database: "clear-db.ts", "script db:drop". Not "clear
// cache" and the like.
bool named_for_emptying(std::string_view name);

// The worst effect of a script: {"seed", "wipe"} deletes rows or tables, {"seed", "insert"} adds the same
// rows again each time. At most one command. Empty for a script that looks first (upsert, ON CONFLICT, count
// …) or depends on the environment.
std::vector<CodeCommand> seeds_in_code(const std::string& content);
std::vector<CodeCommand> seeds_in_sql(const std::string& script);

}  // namespace pgadvise::deploy
