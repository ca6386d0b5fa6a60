#include "plan/read/arity.h"

#include "base/text/text.h"

namespace pgadvise::plan {

Arity arity(const PlanNode& node) {
  static constexpr auto any = static_cast<std::size_t>(-1);
  static constexpr auto none =
      word_list("Seq Scan", "Sample Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan", "Tid Scan",
                "Values Scan", "Tid Range Scan", "Table Function Scan", "CTE Scan", "WorkTable Scan");
  static constexpr auto one = word_list("Aggregate", "Bitmap Heap Scan", "Gather", "Gather Merge", "Group",
                                        "Hash", "Incremental Sort", "Limit", "LockRows", "Materialize",
                                        "Memoize", "Sort", "Subquery Scan", "Unique", "WindowAgg");
  if (is_one_of(node.type, none)) return {0, 0};
  if (is_one_of(node.type, one)) return {1, 1};
  if (is_one_of(node.type, {"Nested Loop", "Hash Join", "Merge Join", "Recursive Union"})) return {2, 2};
  if (is_one_of(node.type, {"BitmapAnd", "BitmapOr"})) return {2, any};
  return {node.type == "ModifyTable" || node.type == "SetOp" ? std::size_t{1} : 0, any};
}

}  // namespace pgadvise::plan
