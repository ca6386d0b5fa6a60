// A live database -> Catalog with statistics, in a fixed number of queries.
#pragma once

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"

namespace pgadvise::pg {

struct CatalogOptions {
  bool values = false;  // the columns' most common values and histograms: row data
};

// Reads in one READ ONLY transaction that is rolled back. System schemas and temporary objects are left out.
// Indexes that a killed `advise --verify` left stay in the catalog, since plans use them; `diagnostics` names them (leftovers.h).
Result<Catalog> read_catalog(Connection& connection, Diagnostics& diagnostics, const CatalogOptions& options = {});

}  // namespace pgadvise::pg
