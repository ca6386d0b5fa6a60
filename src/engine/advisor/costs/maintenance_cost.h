// The maintenance cost of an index: what it adds to the cost of writes, in planner cost units (1 = a page
// read sequentially).
#pragma once

#include <vector>

#include "model/queries/query_facts.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

struct Write {
  const QueryFacts* facts = nullptr;  // of an INSERT, UPDATE, DELETE or MERGE
  double rows = 0;                    // over all its calls
};

// The maintenance cost of the proposed index over all calls of `writes`. The planner ignores index
// maintenance, so the cost for each row is fixed: INSERT 1 (a descent and a dirty page); UPDATE of a column
// of the index 2 (an entry here, and one in every other index, since the update cannot be HOT); UPDATE of
// other columns 0.3 (mostly HOT); DELETE 0 (it changes no index, and vacuum removes the entries in batches).
double maintenance_cost(const IndexProposal& proposal, const std::vector<Write>& writes,
                        const Catalog& catalog);

}  // namespace pgadvise::advisor
