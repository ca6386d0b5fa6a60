// Uses of indexes other than scans by queries, and findings about an index.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "lint/run/context.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

// Of rules that conclude from the number of an index's scans.
inline constexpr Option least_days{"least_days", 14, "days of statistics below which nothing is reported"};

// The indexes that a foreign key of the table needs, each with the first such key.
std::map<const Index*, const Constraint*> needed_by_foreign_keys(const Context& context, const Table& table);

// Scans and pages of an index; for a partitioned table, the sum over the attached indexes of its partitions.
IndexStatistics summed(const Context& context, const Table& table, const Index& index);

// Adds a finding about the index, at its location. The message: "The index INDEX on TABLE" and `what`.
Finding& report_index(Reporter& reporter, const Table& table, const Index& index, std::string_view what,
                      std::optional<Severity> severity = std::nullopt);

// The number of distinct values of a column, from its statistics; 0: unknown.
double distinct_values(const Table& table, const Column& column);

}  // namespace pgadvise::lint
