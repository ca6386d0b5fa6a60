// The tables in which migration tools keep what they have run, known by their columns: names and schemas are configurable.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// `ask` runs one SELECT in the catalog's own transaction. Views, foreign tables, tables under row-level security and those
// with generated columns are passed over: reading them may run somebody's functions.
std::vector<TrackingTable> read_tracking(const Catalog& catalog, const std::function<Result<Rows>(const std::string&)>& ask);

}  // namespace pgadvise::pg
