// Estimates the size of an index from the statistics of its columns.
#pragma once

#include <cstdint>
#include <optional>

#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

// Size in bytes after CREATE INDEX. B-tree: pages of 8 KiB filled to 90 %, with deduplication (PostgreSQL 13
// and later); a column without statistics counts as 16 bytes, all distinct. BRIN: an entry of two values per
// 128 pages of the table. Hash: 20 bytes per value of any length, in pages of whole buckets. For a
// partitioned table, the sum over all partitions.
// `selected`: the share of the table's rows for which the proposal's predicate is true, 0 to 1. nullopt:
// estimated from null_fraction; for `c = 'x'` that of the most common value; else half of the rows.
std::int64_t index_size(const IndexProposal& proposal, const Catalog& catalog,
                        std::optional<double> selected = std::nullopt);

}  // namespace pgadvise::advisor
