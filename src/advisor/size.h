// How large an index would be, from the statistics of its columns.
#pragma once

#include <cstdint>

#include "advisor/index_ddl.h"
#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::advisor {

// Bytes as CREATE INDEX builds it. A B-tree: pages of 8 KiB filled to 90 %, equal keys stored once (from 13
// on); without statistics a column is taken for 16 bytes and all different. BRIN: an entry of two values for
// each 128 pages of the table. Hash: 20 bytes for each value, whatever its length, in as many pages as it has
// buckets. Of a partitioned table all partitions together.
std::int64_t index_size(const IndexProposal& proposal, const Catalog& catalog, Method method = Method::btree);

}  // namespace pgadvise::advisor
