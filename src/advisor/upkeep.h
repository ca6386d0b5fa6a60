// What writes pay for an index, in the planner's unit (a page read in sequence).
#pragma once

#include <vector>

#include "model/catalog.h"
#include "model/finding.h"
#include "model/query_facts.h"

namespace pgadvise::advisor {

struct Write {
  const QueryFacts* facts = nullptr;  // of an INSERT, UPDATE, DELETE or MERGE
  double rows = 0;                    // over all its calls
};

// The planner counts nothing for the indexes of a written table. Prices for each row: an entry that is inserted is a descent and
// a dirty page, 1; an UPDATE of a column in the index is an entry, and no update of that row is HOT, so that all other indexes
// get one, too: 2; an UPDATE of other columns is HOT most of the time: 0.3; a DELETE is vacuum's work: 0.2.
double upkeep(const IndexProposal& proposal, const std::vector<Write>& writes, const Catalog& catalog);

}  // namespace pgadvise::advisor
