// Existing indexes that the database could do without.
#pragma once

#include <vector>

#include "model/advice.h"
#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::advisor {

// Duplicates, those that are the beginning of another (an existing one, or one of `made`), and those that no
// statement has used while statistics were kept for at least two weeks. Never what a constraint, a foreign
// key, uniqueness or replication rests on.
std::vector<IndexDrop> drops(const Catalog& catalog, const std::vector<IndexProposal>& made);

}  // namespace pgadvise::advisor
