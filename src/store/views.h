// The views that answer questions about a store, in the SQL of each engine. docs/store.md lists them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::store {

// Raised with each change of a view.
inline constexpr std::int64_t views_version = 3;

struct View {
  std::string_view name;
  std::string_view select;  // with {join} and other names of a Dialect's members in braces
};

// What the engines write differently.
struct Dialect {
  std::string_view ordered_join;  // a join whose left side the planner reads first, if the engine needs that
  std::string_view each_week;     // joins week w, a table of few numbers, without a condition
  // Joins query_statistics q with its histogram: b.value is the bin, c.value the count.
  std::string_view histogram_bins;
  std::string_view lag = "lag";       // the window function; any value may stand for that of the first row
  std::span<const View> own_views{};  // in place of views of these names; without braces
};

struct NamedSelect {
  std::string name;
  std::string select;
};

// In an order in which they can be created.
std::vector<NamedSelect> views_in(const Dialect& dialect);

// Statements that replace the views.
std::string view_definitions(const Dialect& dialect);

}  // namespace pgadvise::store
