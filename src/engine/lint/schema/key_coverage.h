// Whether an index serves `WHERE key = $1 [AND …]`, the query of a foreign key's checks and cascades.
#pragma once

#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

enum class Coverage { none, partial, full };

// Measured on PostgreSQL 15 with 60,000 rows (see fixtures/rules/unindexed-foreign-key): the leading keys in
// any order serve in full, a proper subset of them at the front in part; for GiST and GIN any position does.
// Invalid, BRIN and expression indexes, another collation, or a predicate other than "c IS NOT NULL" on the
// key's columns serve nothing.
Coverage covers(const Index& index, const Table& table, const std::vector<std::string>& columns);

// The table's indexes that have one of the columns as a key or INCLUDE column, in the table's order. No other
// index can serve the key.
std::vector<const Index*> indexes_with_any(const Context& context, const Table& table,
                                           const std::vector<std::string>& columns);

struct KeyCoverage {
  Coverage coverage = Coverage::none;
  const Index* index = nullptr;  // the best one, when not none
  const Index* nearest =
      nullptr;          // an index that has the columns but does not serve the key, for the explanation
  std::string why_not;  // "is partial (WHERE status = 'on'), so that …", after the index's name
};

// The best index of a table for a key. A partitioned table is covered if it, or each of its partitions, has
// such an index.
KeyCoverage key_coverage(const Context& context, const Table& table, const std::vector<std::string>& columns);

}  // namespace pgadvise::lint
