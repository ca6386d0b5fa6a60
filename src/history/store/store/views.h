// The views that answer questions about a store, in the SQL of each engine. docs/store.md lists them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::store {

// Raised with each change of a view.
inline constexpr std::int64_t views_version = 6;

struct ViewTemplate {
  std::string_view name;
  std::string_view select;  // with {join}, {range}, {end}, {bins} and {lag}, which a Dialect has
};

// What the engines write differently.
struct Dialect {
  // Around the conditions of a join with query_statistics q that reads ranges of buckets: the planner must
  // not read all buckets instead.
  std::string_view range_begin;
  std::string_view range_end;
  std::string_view ordered_join;  // a join whose left side the planner reads first, if the engine needs that
  // Joins query_statistics q with its histogram: b.value is the bin, c.value the count.
  std::string_view histogram_bins;
  std::string_view lag = "lag";  // the window function; any value may stand for that of the first row
  std::span<const ViewTemplate> own_views{};  // in place of the views of these names
};

struct View {
  std::string name;
  std::string select;
};

// A later view may read an earlier one.
std::vector<View> view_definitions(const Dialect& dialect);

// The SELECT with the definitions of the views that it names, and of those that these name, in front of it as
// common table expressions: nothing that a database keeps under these names is read. `as`: what stands
// between a name and its definition; ClickHouse has no NOT MATERIALIZED, and never materializes.
std::string with_definitions(const std::vector<View>& definitions, const std::string& select,
                             std::string_view as = "AS NOT MATERIALIZED");

}  // namespace pgadvise::store
