// Finds code that runs migrations with drizzle-orm and hides their errors.
#pragma once

#include <vector>

#include "model/project/connections.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {

// Follows each call of migrate() of a PostgreSQL driver outwards, also through the project's functions that
// contain it, to the first catch clause, .catch() or .finally() that ends the error: one that only writes
// messages and cleans up, or that exits with 0. A handler that throws, exits, returns a value, assigns a
// variable, answers a request or passes the error to something unknown hides nothing. Tests, examples and
// code for development only are left out. In the order of files and lines.
std::vector<IgnoredMigrationError> ignored_migration_errors(typescript::Program& program);

}  // namespace pgadvise::drizzle
