// StepRecorder: partitions, materialized views, domains, enums and databases.
#include <algorithm>
#include <set>

#include "sql/steps.h"
#include "sql/type_name.h"

namespace pgadvise::sql {

using Kind = SchemaAction::Kind;

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
          std::all_of(key.begin(), key.end(), [&](const auto& name) {
            return std::find(check.columns.begin(), check.columns.end(), name) != check.columns.end();
          });
  }
  out.push_back(std::move(action));
}

void StepRecorder::describe(const RefreshView& refresh, const SchemaState& state, Actions& out) const {
  out.push_back(on(Kind::refresh_view, refresh.view, state));
  out.back().table_kind = Table::Kind::materialized_view;
  out.back().concurrently = refresh.concurrently;
}

void StepRecorder::describe(const DropDatabase& drop, const SchemaState&, Actions& out) const {
  out.emplace_back();
  out.back().kind = Kind::drop_database;
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
