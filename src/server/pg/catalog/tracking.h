// Finds the tables in which migration tools record applied migrations by their columns, as names and schemas
// are configurable.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// `ask` runs one SELECT in the transaction that reads the catalog. Skips views, foreign tables, and tables
// with row-level security or generated columns: reading them may run user-defined functions. As each table
// needs a query, only the first `max_tracking_tables` by name are read (there may be a schema for each
// tenant); `not_asked` is the number of the others.
inline constexpr int max_tracking_tables = 32;
std::vector<TrackingTable> read_tracking(const Catalog& catalog,
                                         const std::function<Result<Rows>(const std::string&)>& ask,
                                         int& not_asked);

}  // namespace pgadvise::pg
