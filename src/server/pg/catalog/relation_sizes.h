// The relation sizes that the server's planner uses.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/schema/relation_size.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// Sizes of tables, materialized views and indexes that have a file, by name. Relations that are locked are
// skipped, and counted in `diagnostics`. Errors: Kind::database.
Result<std::vector<RelationSize>> read_relation_sizes(Connection& connection, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
