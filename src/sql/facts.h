// A statement -> QueryFacts, resolved against a catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.h"
#include "model/query_facts.h"
#include "model/workload.h"

namespace pgadvise::sql {

// The schemas that names without one are looked for in, in order; temporary tables come before them.
using SearchPath = std::vector<std::string>;
inline const SearchPath default_path{"public"};

// Never fails: what does not parse gives facts with parsed = false.
QueryFacts query_facts(std::string_view statement, const Catalog& catalog,
                       const SearchPath& path = default_path);

// Fills `facts` of each query of the workload, with what its samples' values tell.
void resolve(Workload& workload, const Catalog& catalog, const SearchPath& path = default_path);

}  // namespace pgadvise::sql
