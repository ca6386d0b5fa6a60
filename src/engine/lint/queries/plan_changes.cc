#include "lint/queries/plan_changes.h"

#include "base/text/number_format.h"
#include "lint/schema/tables.h"

namespace pgadvise::lint {

using Kind = PlanDifference::Kind;

std::string cause_text(const PlanCause& cause) {
  const std::string table = display(cause.table);
  switch (cause.kind) {
    case PlanCause::Kind::dropped_index:
      return "the change drops the index " + cause.object + " " + cause.before + " of " + table;
    case PlanCause::Kind::changed_index:
      return "the change turns the index " + cause.object + " of " + table + " from " + cause.before +
             " into " + cause.after;
    case PlanCause::Kind::changed_type:
      return "the change turns " + table + "." + cause.object + " from " + cause.before + " into " +
             cause.after;
    case PlanCause::Kind::new_index:
      return "the planner prefers the new index " + cause.object + " " + cause.after + " of " + table;
    case PlanCause::Kind::table_size: break;
  }
  return table + " had " + cause.before + " rows and has " + cause.after;
}

std::string difference_text(const PlanDifference& one) {
  switch (one.kind) {
    case Kind::index_to_sequential_scan: return "a sequential scan reads " + display(one.table);
    case Kind::lost_index_condition:
      return "an index no longer finds the rows of " + display(one.table) + " by its first columns";
    case Kind::added_sort: return "a sort of " + short_count(one.rows_after) + " rows is new";
    case Kind::nested_loop_over_more_rows:
      return "a nested loop runs its inner side " + short_count(one.rows_after) + " times, not " +
             short_count(one.rows_before);
    case Kind::join_order: return "tables are joined in another order";
    case Kind::join_method: return "tables are joined by another method";
    case Kind::other_index: return "another index reads " + display(one.table);
    case Kind::other_scan: break;
  }
  return "another scan reads " + display(one.table);
}

Evidence difference_fact(const PlanDifference& one) {
  std::string text = difference_text(one);
  if (!one.after.empty())
    text += ": " + (one.before.empty() ? "none" : one.before) + " before, " + one.after + " after";
  return {Evidence::Kind::plan, std::move(text), std::nullopt, {}};
}

std::optional<SourceLocation> place_of(const Context& context, const PlanCause& cause) {
  using Action = SchemaAction::Kind;
  if (!context.has_migrations()) return std::nullopt;
  for (const auto& migration : context.migrations())
    for (const auto& step : migration.steps)
      for (const auto& action : step.actions) {
        const bool index = action.kind == Action::drop_index && action.name == cause.object;
        const bool type = action.kind == Action::change_type && action.table == cause.table &&
                          contains(action.columns, cause.object);
        if (index || type) return action.place;
      }
  return std::nullopt;
}

}  // namespace pgadvise::lint
