// Queries -> what is asked of the server: a statement with values where there are some, else its generic plan; never one that
// planning alone might do harm with.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "advisor/mentions.h"
#include "base/result.h"
#include "model/catalog.h"
#include "model/workload.h"
#include "plan/source.h"
#include "plan/what_if.h"

namespace pgadvise::advisor {

struct Studied {
  const Query* query = nullptr;
  std::map<QualifiedName, Mentions> mentioned;
  std::vector<plan::WhatIfStatement> statements;  // up to three ways of calling it
};

// The ways in which it was called, three at most: with values where they are known, else one with its parameters.
std::vector<plan::WhatIfStatement> statements_of(const Query& query);

// Queries that read no table of the catalog (BEGIN, SET, SELECT 1, the catalogs) are passed over in silence; others that can't be
// explained are named in `diagnostics` and counted. A lost server is Kind::database there, and ends it, as `stop` does.
std::vector<Studied> study(const Workload& workload, const Catalog& catalog, plan::PlanSource& source, const std::function<bool()>& stop,
                           std::size_t& not_explained, Diagnostics& diagnostics);

}  // namespace pgadvise::advisor
