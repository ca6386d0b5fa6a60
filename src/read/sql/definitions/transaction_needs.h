// Which statements of a script can run in a transaction block, by their parse trees.
#pragma once

#include <string_view>

namespace pgadvise::sql {

struct TransactionNeeds {
  int inside = 0;        // statements that can, without BEGIN, COMMIT and the like
  int outside = 0;       // statements that fail there: CREATE INDEX CONCURRENTLY, VACUUM, CREATE DATABASE …
  int concurrently = 0;  // of those, the ones with CONCURRENTLY
};

// Counts statements that do not parse as `inside`.
TransactionNeeds transaction_needs(std::string_view script);

}  // namespace pgadvise::sql
