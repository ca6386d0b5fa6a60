// Does an index serve `WHERE key = $1 [AND …]`? The look-up that a foreign key's checks and cascades run.
#pragma once

#include <string>
#include <vector>

#include "lint/context.h"
#include "model/catalog.h"

namespace pgadvise::lint {

enum class Coverage { none, partial, full };

// Measured on PostgreSQL 15 with 60,000 rows (see fixtures/rules/unindexed-foreign-key): the leading keys in
// any order serve in full, a proper subset of them at the front in part; for GiST and GIN any position does.
// Invalid, BRIN and expression indexes, another collation, or a predicate other than "c IS NOT NULL" on the
// key's columns serve nothing.
Coverage covers(const Index& index, const Table& table, const std::vector<std::string>& columns);

// The table's indexes that have one of the columns as a key or INCLUDE it, in its order: no other serves any
// of them.
std::vector<const Index*> indexes_with_any(const Context& context, const Table& table,
                                           const std::vector<std::string>& columns);

struct KeyCoverage {
  Coverage coverage = Coverage::none;
  const Index* index = nullptr;    // the best one, when not none
  const Index* nearest = nullptr;  // one that holds the columns and still does not serve, for the explanation
  std::string why_not;             // "its predicate (status = 'on') leaves rows out"
};

// The best index of a table for a key; a partitioned table is served when it, or each of its partitions, is.
KeyCoverage key_coverage(const Context& context, const Table& table, const std::vector<std::string>& columns);

}  // namespace pgadvise::lint
