// Finds existing indexes that can be dropped.
#pragma once

#include <vector>

#include "model/advice.h"
#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::advisor {

// Whether nothing but queries can need the index: no constraint, no uniqueness, no replication and no
// partitioned table's index.
bool may_drop(const Index& index);

// Duplicates, prefixes of another index (an existing one, or one of `made`), and indexes without a scan while
// the statistics cover at least two weeks. Never an index that a constraint, a foreign key, uniqueness or
// replication needs.
std::vector<IndexDrop> drops(const Catalog& catalog, const std::vector<IndexProposal>& made);

}  // namespace pgadvise::advisor
