// The tables in which migration tools keep what they have run, known by their columns: names and schemas are
// configurable.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// `ask` runs one SELECT in the catalog's own transaction. Views, foreign tables, tables under row-level
// security and those with generated columns are passed over: reading them may run somebody's functions. Each
// takes a query, so that of many (a schema for each tenant) only the first `max_tracking_tables` by name are
// asked; `not_asked` is how many more there are.
inline constexpr int max_tracking_tables = 32;
std::vector<TrackingTable> read_tracking(const Catalog& catalog,
                                         const std::function<Result<Rows>(const std::string&)>& ask,
                                         int& not_asked);

}  // namespace pgadvise::pg
