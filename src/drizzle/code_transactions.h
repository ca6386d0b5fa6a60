// Calls of other services inside of transactions. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// The awaited calls of fetch, axios and the like, and of known packages of services, in callbacks of
// transaction(), also in functions of the project that the callback calls.
std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index);

}  // namespace pgadvise::drizzle
