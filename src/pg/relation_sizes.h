// The sizes that a server's planner goes by.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/relation_size.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// Of tables, materialized views and indexes that have a file, by name. What is locked just now is left out
// and counted in `diagnostics`. Errors: Kind::database.
Result<std::vector<RelationSize>> read_relation_sizes(Connection& connection, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
