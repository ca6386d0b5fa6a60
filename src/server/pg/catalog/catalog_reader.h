// Reads the catalog and statistics of a live database with a fixed number of queries.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/result.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

struct CatalogOptions {
  bool values = false;  // the columns' most common values and histograms: row data
};

constexpr std::size_t max_catalog_rows = 2'000'000;              // per query
constexpr std::size_t max_catalog_bytes = std::size_t{1} << 30;  // in all
constexpr std::chrono::minutes max_catalog_time{10};             // in total; 70 s per query

// Reads in one READ ONLY transaction that is rolled back. Skips system schemas and temporary objects. Errors,
// all Kind::database: a query for a required part fails; the responses are not those of a PostgreSQL catalog
// (pg_catalog, the current database or the settings are missing, or rows have another number of columns); a
// limit above or of connection.limits() is exceeded. Optional parts that cannot be read are reported in
// `diagnostics`. Indexes that a killed `advise --verify` left stay in the catalog, since plans use them;
// `diagnostics` names them (leftovers.h).
Result<Catalog> read_catalog(Connection& connection, Diagnostics& diagnostics,
                             const CatalogOptions& options = {});

}  // namespace pgadvise::pg
