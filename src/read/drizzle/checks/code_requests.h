// What code runs for a request. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// The SELECTs and the pools of connections in functions of entry forms (code_entries.h), and in functions of
// the project that these call, up to five calls away. Not the pools that a variable, map or object outside of
// the function keeps, those whose address comes from a parameter, and those of packages for Cloudflare's
// workers, where a connection cannot outlive a request.
struct RequestFacts {
  std::vector<QueryInRequest> queries;
  std::vector<PoolInRequest> pools;
};
RequestFacts facts_of_requests(CodeIndex& index);

}  // namespace pgadvise::drizzle
