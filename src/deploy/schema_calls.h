// Calls in application code by which an ORM changes the database until it fits the code: TypeORM's
// synchronize, Sequelize's sync(), MikroORM's updateSchema(). Read as text: a call counts unless something
// around it says that it is for development.
#pragma once

#include <string>
#include <vector>

#include "deploy/code_commands.h"

namespace pgadvise::deploy {

// {"typeorm", "synchronize"}, {"typeorm", "dropSchema"}, {"sequelize", "sync", "force" or "alter"},
// {"mikro-orm", "updateSchema"}, where nothing around the call says that it is for development.
std::vector<CodeCommand> schema_calls_in_code(const std::string& content);

}  // namespace pgadvise::deploy
