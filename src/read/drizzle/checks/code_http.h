// Databases behind drivers that send each statement in a request of its own. Internal to code_reader.h.
#pragma once

#include <string_view>
#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// A driver of drizzle-orm whose transaction() always throws.
struct HttpDriver {
  std::string_view package;
  std::string_view error;  // what it throws
  bool batch = false;      // whether it has batch(), which is one transaction
};

// The driver of the database: the expression is a `const` that drizzle() of such a driver initializes, also
// in another file, or another `const` of the same value. nullptr for others: another variable may get another
// database later.
const HttpDriver* http_driver(CodeIndex& index, const Node& database);

// The calls of transaction() on such databases, without those to which the code gives a transaction() of its
// own: (db as any).transaction = …
std::vector<TransactionOverHttp> transactions_over_http(CodeIndex& index);

}  // namespace pgadvise::drizzle
