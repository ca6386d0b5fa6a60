// Runs SQL scripts in a sandbox, and creates placeholders for objects that the sandbox lacks.
#pragma once

#include <string>

#include "base/result.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

struct Script {
  std::string name;  // file, for messages
  std::string sql;
};

// Statements run as `owner`; `admin` only creates placeholders and extensions.
void run_build(Connection& owner, Connection& admin, const Script& script, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
