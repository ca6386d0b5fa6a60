// A live database -> Catalog with statistics, in a fixed number of queries.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"

namespace pgadvise::pg {

struct CatalogOptions {
  bool values = false;  // the columns' most common values and histograms: row data
};

constexpr std::size_t max_catalog_rows = 2'000'000;              // in answer to any one query
constexpr std::size_t max_catalog_bytes = std::size_t{1} << 30;  // in all
constexpr std::chrono::minutes max_catalog_time{10};             // in all; 70 s for any one query

// Reads in one READ ONLY transaction that is rolled back. System schemas and temporary objects are left out.
// Errors, all of Kind::database: a query that has no part to do without fails, the server's answers are no
// PostgreSQL catalog's (pg_catalog, the current database or the settings are missing, or rows have another
// number of columns), a limit above or of connection.limits() is passed. What only parts need, and can't be
// read, is in `diagnostics`. Indexes that a killed `advise --verify` left stay in the catalog, since plans
// use them; `diagnostics` names them (leftovers.h).
Result<Catalog> read_catalog(Connection& connection, Diagnostics& diagnostics,
                             const CatalogOptions& options = {});

}  // namespace pgadvise::pg
