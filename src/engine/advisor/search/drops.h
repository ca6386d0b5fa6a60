// Finds existing indexes that can be dropped.
#pragma once

#include <vector>

#include "model/results/advice.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

// Whether nothing but queries can need the index: no constraint, no uniqueness, no replication and no
// partitioned table's index.
bool may_drop(const Index& index);

// Duplicates, prefixes of another index (an existing one, or one of `made`), and indexes without a scan while
// the statistics cover at least two weeks. Never an index that a constraint, a foreign key, uniqueness or
// replication needs.
std::vector<IndexDrop> drops(const Catalog& catalog, const std::vector<IndexProposal>& made);

}  // namespace pgadvise::advisor
