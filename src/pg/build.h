// A script -> objects in a sandbox, with stand-ins for what its server does not have.
#pragma once

#include <string>

#include "base/result.h"
#include "pg/connection.h"

namespace pgadvise::pg {

struct Script {
  std::string name;  // file, for messages
  std::string sql;
};

// Statements run as `owner`; only stand-ins and extensions are made by `admin`.
void run_build(Connection& owner, Connection& admin, const Script& script, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
