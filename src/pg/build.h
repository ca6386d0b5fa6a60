// A script -> objects in a sandbox, with stand-ins for what its server does not have.
#pragma once

#include "base/result.h"
#include "pg/connection.h"
#include "pg/sandbox.h"

namespace pgadvise::pg {

// Statements run as `owner`; only stand-ins and extensions are made by `admin`.
void run_build(Connection& owner, Connection& admin, const Script& script, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
