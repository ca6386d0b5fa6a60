// Transactions in code: calls of other services, and the order of tables. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// The awaited calls of fetch, axios and the like, and of known packages of services, in callbacks of
// transaction(), also in functions of the project that the callback calls.
std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index);

// The tables that the callbacks of transaction() use themselves, not in functions that they call. Only
// transactions of two tables or more.
std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index);

}  // namespace pgadvise::drizzle
