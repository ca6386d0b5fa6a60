// What indexes are there for, beside the queries that scan them.
#pragma once

#include <cstdint>
#include <string>

#include "lint/context.h"
#include "model/catalog.h"

namespace pgadvise::lint {

// A foreign key of the table that would be served worse without this index; nullptr when there is none.
const Constraint* serves_foreign_key(const Table& table, const Index& index);

// Scans and pages of an index, of a partitioned table's summed over the parts that are attached to it.
IndexStatistics summed(const Context& context, const Table& table, const Index& index);

// Distinct values of a column, by its statistics; 0: not known.
double distinct_values(const Table& table, const Column& column);

}  // namespace pgadvise::lint
