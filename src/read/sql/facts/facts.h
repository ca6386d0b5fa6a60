// Extracts QueryFacts from a statement, resolved against a catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/queries/query_facts.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"

namespace pgadvise::sql {

// The schemas in which unqualified names are looked up, in order; temporary tables take precedence.
using SearchPath = std::vector<std::string>;
inline const SearchPath default_path{"public"};

// Never fails: a statement that does not parse gives facts with parsed = false.
QueryFacts query_facts(std::string_view statement, const Catalog& catalog,
                       const SearchPath& path = default_path);

// Sets `facts` of each query of the workload, also from the values of its samples.
void resolve(Workload& workload, const Catalog& catalog, const SearchPath& path = default_path);

}  // namespace pgadvise::sql
