#include "model/queries/plan_change.h"

namespace pgadvise {

std::string_view name(PlanDifference::Kind kind) {
  using Kind = PlanDifference::Kind;
  switch (kind) {
    case Kind::index_to_sequential_scan: return "index_to_sequential_scan";
    case Kind::lost_index_condition: return "lost_index_condition";
    case Kind::added_sort: return "added_sort";
    case Kind::nested_loop_over_more_rows: return "nested_loop_over_more_rows";
    case Kind::join_order: return "join_order";
    case Kind::join_method: return "join_method";
    case Kind::other_index: return "other_index";
    case Kind::other_scan: break;
  }
  return "other_scan";
}

std::string_view name(PlanCause::Kind kind) {
  using Kind = PlanCause::Kind;
  switch (kind) {
    case Kind::dropped_index: return "dropped_index";
    case Kind::changed_index: return "changed_index";
    case Kind::changed_type: return "changed_type";
    case Kind::new_index: return "new_index";
    case Kind::table_size: break;
  }
  return "table_size";
}

std::string_view name(PlanChange::Outcome outcome) {
  switch (outcome) {
    case PlanChange::Outcome::planned: return "planned";
    case PlanChange::Outcome::fails_after: return "fails_after";
    case PlanChange::Outcome::new_statement: break;
  }
  return "new_statement";
}

}  // namespace pgadvise
