// Finds calls in application code by which an ORM adapts the database to the code: TypeORM's synchronize,
// Sequelize's sync(), MikroORM's updateSchema(). Scans the text: a call counts unless the code around it
// limits it to development.
#pragma once

#include <string>
#include <vector>

#include "deploy/commands/code_commands.h"

namespace pgadvise::deploy {

// The calls as {"typeorm", "synchronize"}, {"typeorm", "dropSchema"}, {"sequelize", "sync", "force" or
// "alter"} and {"mikro-orm", "updateSchema"}; at most 16 of each function.
std::vector<CodeCommand> schema_calls_in_code(const std::string& content);

}  // namespace pgadvise::deploy
