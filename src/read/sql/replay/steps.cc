#include "sql/replay/steps.h"

#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "sql/parse/expression.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {
namespace {

using Action = SchemaAction::Kind;

// `depth`: the dollar quotes around the text.
void add_cut_names(std::string_view text, int depth, std::set<std::string>& out) {
  constexpr int max_depth = 8;
  for (const Lexeme& token : Lexer(text)) {
    if (token.text.size() <= longest_identifier) continue;
    if (std::string name = token.name(); name.size() > longest_identifier)
      out.insert(cut_identifier(std::move(name)));
    if (depth < max_depth) add_cut_names(token.dollar_quoted(), depth + 1, out);  // of a DO block
  }
}

}  // namespace

std::set<std::string> cut_names(std::string_view text) {
  std::set<std::string> out;
  add_cut_names(text, 0, out);
  return out;
}

void StepRecorder::begin(const SchemaState& state, bool together) {
  lost_track_ = false;
  checks_of_unknown_.clear();
  if (together) return;
  added_.clear();
  auto known = existing_.begin();  // most are those of the migration before
  for (const auto& [name, table] : state.catalog.tables) {
    if (table.temporary) continue;
    while (known != existing_.end() && *known < name) known = existing_.erase(known);
    if (known != existing_.end() && *known == name) ++known;
    else existing_.insert(known, name);
  }
  existing_.erase(known, existing_.end());
}

SchemaAction StepRecorder::on(Action kind, const QualifiedName& name, const SchemaState& state) const {
  SchemaAction out;
  out.kind = kind;
  out.table = name;
  const Table* table = state.catalog.table(name);
  out.table_known = table != nullptr;
  if (table) out.table_kind = table->kind;
  out.on_new_table = (table && !existing_.count(name)) || name.schema == "pg_temp";
  return out;
}

std::vector<TableLock> StepRecorder::locks(const Statement& statement,
                                           const std::vector<SchemaAction>& actions,
                                           const SchemaState& state) const {
  auto out = locks_of(statement, actions, state);
  std::erase_if(out, [&](const TableLock& lock) { return !lock.table_known && lost_track_; });
  for (TableLock& lock : out)
    lock.on_new_table = (lock.table_known && !existing_.count(lock.table)) || lock.table.schema == "pg_temp";
  // A foreign key of a new table, which has no rows, checks none.
  if (!out.empty() && out.front().on_new_table && out.front().through == TableLock::Through::statement)
    for (TableLock& lock : out)
      if (lock.through == TableLock::Through::foreign_key) lock.work = TableLock::Work::none;
  return out;
}

void StepRecorder::happened(const std::vector<SchemaAction>& actions, const SchemaState& state) {
  for (const SchemaAction& action : actions) {
    switch (action.kind) {
      case Action::drop_table:
        if (!state.catalog.table(action.table)) existing_.erase(action.table), added_.erase(action.table);
        break;
      case Action::drop_schema:
        std::erase_if(existing_, [&](const QualifiedName& name) { return !state.catalog.table(name); });
        break;
      case Action::rename_table: {
        const QualifiedName to = renamed_table(action);
        if (state.catalog.table(action.table) || !state.catalog.table(to)) break;
        move_key(existing_, action.table, to);
        move_key(added_, action.table, to);
        break;
      }
      case Action::rename_column:
        if (auto* columns = value_at(added_, action.table)) {
          columns->erase(action.name);
          move_key(*columns, action.columns[0], action.name);
        }
        break;
      case Action::drop_column:
        if (auto* columns = value_at(added_, action.table)) columns->erase(action.columns[0]);
        break;
      case Action::add_column:
        added_[action.table][action.columns[0]] = action.on_null_columns ? now_ : 0;
        break;
      case Action::change_type:
        if (action.converts && added(action.table, action.columns[0]))
          added_[action.table][action.columns[0]] = 0;
        break;
      case Action::add_constraint:
        if (!action.table_known && action.constraint->kind == Constraint::Kind::check)
          checks_of_unknown_[action.table].push_back(*action.constraint);
        break;
      case Action::validate_constraint:
        if (auto* checks = value_at(checks_of_unknown_, action.table))
          for (Constraint& check : *checks) check.validated |= check.name == action.name;
        break;
      case Action::drop_constraint:
        if (auto* checks = value_at(checks_of_unknown_, action.table))
          std::erase_if(*checks, [&](const Constraint& check) { return check.name == action.name; });
        break;
      case Action::update: filled(action, state); break;
      default: break;
    }
  }
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

bool StepRecorder::checked_not_null(const QualifiedName& table, const std::string& column) const {
  const auto* checks = value_at(checks_of_unknown_, table);
  return checks && std::ranges::any_of(*checks, [&](const Constraint& check) {
           return check.validated && check_excludes_null(check.expression, column);
         });
}

}  // namespace pgadvise::sql
