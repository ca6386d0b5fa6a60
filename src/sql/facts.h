// A statement -> QueryFacts, resolved against a catalog.
#pragma once

#include <string_view>

#include "model/catalog.h"
#include "model/query_facts.h"
#include "model/workload.h"

namespace pgadvise::sql {

// Never fails: what does not parse gives facts with parsed = false. search_path is "$user", public.
QueryFacts query_facts(std::string_view statement, const Catalog& catalog);

// Fills `facts` of each query of the workload, with what its samples' values tell.
void resolve(Workload& workload, const Catalog& catalog);

}  // namespace pgadvise::sql
