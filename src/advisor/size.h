// How large an index would be, from the statistics of its columns.
#pragma once

#include <cstdint>

#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::advisor {

// Bytes of a B-tree as CREATE INDEX builds it: pages of 8 KiB filled to 90 %, equal keys stored once (from 13 on). Of a
// partitioned table all partitions together. Without statistics a column is taken for 16 bytes and all different.
std::int64_t index_size(const IndexProposal& proposal, const Catalog& catalog);

// The same of a BRIN index: an entry of two values for each 128 pages of the table.
std::int64_t brin_size(const IndexProposal& proposal, const Catalog& catalog);

}  // namespace pgadvise::advisor
