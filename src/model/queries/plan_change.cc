#include "model/queries/plan_change.h"

#include "base/text/text.h"

namespace pgadvise {

std::string_view name(PlanDifference::Kind kind) {
  return word_of(
      kind, {"index_to_sequential_scan", "lost_index_condition", "added_sort", "nested_loop_over_more_rows",
             "join_order", "join_method", "other_index", "other_scan"});
}

std::string_view name(PlanCause::Kind kind) {
  return word_of(kind, {"dropped_index", "changed_index", "changed_type", "new_index", "table_size"});
}

std::string_view name(PlanChange::Outcome outcome) {
  return word_of(outcome, {"planned", "fails_after", "new_statement"});
}

}  // namespace pgadvise
