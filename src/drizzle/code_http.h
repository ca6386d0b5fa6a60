// Databases behind neon-http, which sends each statement in a request of its own. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// Whether the expression is a `const` that drizzle() of drizzle-orm/neon-http initializes, also in another
// file. Another variable may get another database later.
bool over_http(CodeIndex& index, const typescript::Node& database);

// The calls of transaction() on such a database.
std::vector<CodeQuery> transactions_over_http(CodeIndex& index);

}  // namespace pgadvise::drizzle
