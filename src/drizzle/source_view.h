// The columns of views in Drizzle source: of those that are listed, and of those that the query builder
// selects.
#pragma once

#include <vector>

#include "drizzle/source_tables.h"
#include "drizzle/source_value.h"
#include "model/catalog.h"

namespace pgadvise::drizzle {

// `view`: the chain of pgView() or pgMaterializedView(). `catalog` has the tables, of which the types are. A
// column whose type is not known has none. Empty if the name of one column is not known.
std::vector<Column> view_columns(SourceTables& tables, const Catalog& catalog, const Chain& view);

}  // namespace pgadvise::drizzle
