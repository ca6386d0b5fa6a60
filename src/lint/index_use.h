// What indexes are there for, beside the queries that scan them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lint/context.h"
#include "model/catalog.h"

namespace pgadvise::lint {

// The indexes without which a foreign key of the table would be served worse, with the first such key.
std::map<const Index*, const Constraint*> needed_by_foreign_keys(const Context& context, const Table& table);

// Scans and pages of an index, of a partitioned table's summed over the parts that are attached to it.
IndexStatistics summed(const Context& context, const Table& table, const Index& index);

// Distinct values of a column, by its statistics; 0: not known.
double distinct_values(const Table& table, const Column& column);

}  // namespace pgadvise::lint
