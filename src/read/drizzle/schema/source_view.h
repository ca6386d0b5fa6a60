// The columns of views in Drizzle source: those that pgView() lists, or that its query builder selects.
#pragma once

#include <vector>

#include "drizzle/schema/source_tables.h"
#include "drizzle/schema/source_value.h"
#include "model/schema/catalog.h"

namespace pgadvise::drizzle {

// `view`: the chain of pgView() or pgMaterializedView(). Selected columns have the types of their tables in
// `catalog`, or "" if the type is not known. Empty if the name of one column is not known.
std::vector<Column> view_columns(SourceTables& tables, const Catalog& catalog, const Chain& view);

}  // namespace pgadvise::drizzle
