// StepRecorder: values of added columns, partitions, materialized views, domains, enums and databases.
#include <algorithm>
#include <set>
#include <string>

#include "base/text/text.h"
#include "sql/facts/volatility.h"
#include "sql/parse/type_name.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {

using Kind = SchemaAction::Kind;

// Functions that write no rows of tables. Those of volatility.h write none, either.
static bool writes_no_rows(const std::string& name) {
  static const auto names = pgadvise::split(
      "array_agg array_position array_remove avg bool_and bool_or count dense_rank first_value "
      "generate_series greatest json_agg json_object_agg jsonb_agg jsonb_array_elements "
      "jsonb_each jsonb_object_agg jsonb_set lag last_value lead max min ntile nullif rank "
      "regexp_matches row_number set_config string_agg sum to_regclass unnest",
      ' ');
  return name.starts_with("pg_") || is_one_of(name, names) ||
         volatility_of_function(name) != Volatility::unknown;
}

bool may_fill_columns(const Node& statement) {
  switch (statement.node_case) {
    case NODE(SELECT_STMT):
    case NODE(INSERT_STMT):
    case NODE(UPDATE_STMT):
    case NODE(DELETE_STMT):
    case NODE(COPY_STMT):
    case NODE(CREATE_TABLE_AS_STMT):
    case NODE(EXPLAIN_STMT):
    case NODE(DECLARE_CURSOR_STMT):
    case NODE(REFRESH_MAT_VIEW_STMT): break;
    case NODE(MERGE_STMT):
    case NODE(CALL_STMT):
    case NODE(EXECUTE_STMT): return true;
    default: return false;
  }
  bool out = false;
  each_node(message(statement), [&](const Node& node) {
    if (node.node_case == NODE(MERGE_STMT) || (node.node_case == NODE(UPDATE_STMT) && &node != &statement))
      out = true;
    if (node.node_case == NODE(INSERT_STMT) && node.insert_stmt->on_conflict_clause)
      out |= node.insert_stmt->on_conflict_clause->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
    if (node.node_case == NODE(FUNC_CALL) && node.func_call->n_funcname > 0)
      out |= !writes_no_rows(last_name(*node.func_call));
    return !out;
  });
  return out;
}

void StepRecorder::filled(const SchemaAction& update, const SchemaState& state) {
  const Table* table = state.catalog.table(update.table);
  const bool plain = table ? table->kind == Table::Kind::ordinary || table->kind == Table::Kind::partitioned
                           : added_.count(update.table) > 0;
  if (!plain) return lost_values();  // a view
  if (table && (table->partition_of || !table->inherits.empty() || state.children.count(update.table))) {
    for (auto& [name, columns] : added_)
      for (const auto& column : update.columns)
        if (int* since = value_at(columns, column)) *since = 0;
    return;
  }
  const bool by_trigger = table && !table->update_triggers.empty();
  if (auto* columns = value_at(added_, update.table))
    for (auto& [column, since] : *columns)
      if (by_trigger || is_one_of(column, update.columns)) since = 0;
}

bool StepRecorder::added(const QualifiedName& table, const std::string& column) const {
  const auto* columns = value_at(added_, table);
  return columns && columns->count(column) > 0;
}

bool StepRecorder::all_null(const QualifiedName& table, const std::string& column) const {
  return added(table, column) && added_.at(table).at(column) == now_;
}

void StepRecorder::attach_partition(const AlterTable& alter, const TableChange& change,
                                    const SchemaState& state, Actions& out) const {
  if (state.index_tables.count(alter.name)) return;
  SchemaAction action = on(Kind::attach_partition, state.find_table(change.partition), state);
  action.name = display(alter.name);
  const Table* parent = state.catalog.table(alter.name);
  const Table* partition = state.catalog.table(action.table);
  if (parent && partition) {
    std::set<std::string> key;
    for (const Column& column : parent->columns)
      if (names_in_expression(parent->partition_key).count(column.name)) key.insert(column.name);
    for (const Constraint& check : partition->constraints)
      action.proven_in_bound |=
          check.kind == Constraint::Kind::check && check.validated && !key.empty() &&
          std::ranges::all_of(key, [&](const auto& name) { return is_one_of(name, check.columns); });
  }
  out.push_back(std::move(action));
}

void StepRecorder::describe(const RefreshView& refresh, const SchemaState& state, Actions& out) const {
  out.push_back(on(Kind::refresh_view, refresh.view, state));
  out.back().table_kind = Table::Kind::materialized_view;
  out.back().concurrently = refresh.concurrently;
}

void StepRecorder::describe(const DropDatabase& drop, const SchemaState&, Actions& out) const {
  out.emplace_back().kind = Kind::drop_database;
  out.back().name = drop.name;
}

void StepRecorder::describe(const AlterDomain& alter, const SchemaState& state, Actions& out) const {
  if (alter.not_valid) return;
  const std::string spelled = type_spelling(alter.domain);
  for (const auto& [name, table] : state.catalog.tables) {
    SchemaAction action = on(Kind::change_domain, name, state);
    action.name = alter.domain.name;
    action.detail = alter.constraint;
    for (const Column& column : table.columns)
      if (column.type == spelled) action.columns.push_back(column.name);
    if (!action.columns.empty()) out.push_back(std::move(action));
  }
}

// Reported once, for the first table that uses the enum.
void StepRecorder::describe(const AlterEnum& alter, const SchemaState& state, Actions& out) const {
  if (alter.old_value.empty()) return;
  const std::string spelled = type_spelling(alter.name);
  for (const auto& [name, table] : state.catalog.tables)
    for (const Column& column : table.columns) {
      if (column.type != spelled && column.type != spelled + "[]") continue;
      SchemaAction action = on(Kind::rename_value, name, state);
      if (action.on_new_table) continue;
      action.name = alter.name.name;
      action.columns = {alter.old_value};
      action.detail = alter.value;
      out.push_back(std::move(action));
      return;
    }
}

}  // namespace pgadvise::sql
