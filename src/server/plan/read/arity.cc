#include "plan/read/arity.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgadvise::plan {

Arity arity(const PlanNode& node) {
  static constexpr auto any = static_cast<std::size_t>(-1);
  static constexpr std::array<std::string_view, 15> one = {"Aggregate",
                                                           "Bitmap Heap Scan",
                                                           "Gather",
                                                           "Gather Merge",
                                                           "Group",
                                                           "Hash",
                                                           "Incremental Sort",
                                                           "Limit",
                                                           "LockRows",
                                                           "Materialize",
                                                           "Memoize",
                                                           "Sort",
                                                           "Subquery Scan",
                                                           "Unique",
                                                           "WindowAgg"};
  static constexpr std::array<std::string_view, 6> two = {"Nested Loop",     "Hash Join", "Merge Join",
                                                          "Recursive Union", "BitmapAnd", "BitmapOr"};
  static constexpr std::array<std::string_view, 11> none = {
      "Seq Scan",      "Sample Scan", "Index Scan",     "Index Only Scan",     "Bitmap Index Scan",
      "Tid Scan",      "Values Scan", "Tid Range Scan", "Table Function Scan", "CTE Scan",
      "WorkTable Scan"};
  const auto among = [&](const auto& types) { return std::ranges::find(types, node.type) != types.end(); };
  if (among(one)) return {1, 1};
  if (among(two)) return {2, node.type.starts_with("Bitmap") ? any : 2};
  if (among(none)) return {0, 0};
  return {node.type == "ModifyTable" || node.type == "SetOp" ? std::size_t{1} : 0, any};
}

}  // namespace pgadvise::plan
