// Chooses the statements that the advisor plans for each query of a workload: with logged values if
// available, else the generic plan. Skips statements that plan::decide() does not allow to explain, as
// planning alone can run functions.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "advisor/queries/referenced_columns.h"
#include "base/result.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"
#include "plan/run/source.h"
#include "plan/run/what_if.h"

namespace pgadvise::advisor {

struct PlannedQuery {
  const Query* query = nullptr;
  std::map<QualifiedName, ReferencedColumns> referenced;
  std::vector<plan::WhatIfStatement> statements;  // up to three, with different parameter values
};

// One statement for each logged set of values, at most three; without logged values, the statement with its
// $n.
std::vector<plan::WhatIfStatement> statements_of(const Query& query);

// The queries of `workload` that read a table of `catalog`, with their statements. Queries that read none
// (BEGIN, SET, SELECT 1, system catalogs) are skipped silently. Other queries that cannot be explained are
// added to `not_explained` and named in `diagnostics`. Returns early, with the queries so far, when `stop`
// returns true or the server is lost (Kind::database in `diagnostics`).
std::vector<PlannedQuery> planned_queries(const Workload& workload, const Catalog& catalog,
                                          plan::PlanSource& source, const std::function<bool()>& stop,
                                          std::size_t& not_explained, Diagnostics& diagnostics);

}  // namespace pgadvise::advisor
