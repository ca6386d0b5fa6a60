#include "lint/queries/statement_source.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgadvise::lint {
namespace {

using NameSet = std::set<std::string>;
using Tables = std::set<QualifiedName>;

std::optional<StatementKind> kind_of(CodeQuery::Kind kind) {
  switch (kind) {
    case CodeQuery::Kind::select: return StatementKind::select;
    case CodeQuery::Kind::insert: return StatementKind::insert;
    case CodeQuery::Kind::update: return StatementKind::update;
    case CodeQuery::Kind::delete_: return StatementKind::delete_;
    default: return std::nullopt;
  }
}

NameSet names_of(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

Tables tables_of(const QueryFacts& statement) {
  Tables out;
  for (const auto& use : statement.relations)
    if (!use.through_view) out.insert(use.table);
  return out;
}

// A relational query reads further tables in subqueries, which build JSON.
bool same_tables(const CodeQuery& code, const QueryFacts& statement) {
  const QualifiedName& main = code.tables.front();
  if (statement.kind == StatementKind::insert) return statement.target == main;
  const Tables logged = tables_of(statement);
  if (!code.relational) return logged == Tables(code.tables.begin(), code.tables.end());
  return logged.count(main) > 0 && (logged.size() == 1 || statement.json_depth > 0) &&
         !statement.from.empty() && statement.from.front() == main;
}

// Columns that the statement compares with a value: by = or IN, and otherwise. IS NULL has no value.
std::pair<NameSet, NameSet> compared(const CodeQuery& code, const QueryFacts& statement) {
  std::pair<NameSet, NameSet> out;
  for (const auto& one : statement.predicates) {
    using Op = Predicate::Op;
    if (one.value == Predicate::Value::column || one.op == Op::is_null || one.op == Op::is_not_null) continue;
    if (code.relational && one.column.table != code.tables.front()) continue;
    const bool equal = (one.op == Op::equality || one.op == Op::in_list) && one.wrapper.empty();
    (equal && !one.under_or ? out.first : out.second).insert(one.column.column);
  }
  return out;
}

bool same_selection(const CodeQuery& code, const QueryFacts& statement) {
  if (!code.selected) return true;
  std::vector<std::string> logged, selected = *code.selected;
  for (const auto& column : statement.selected) logged.push_back(column.column);
  std::ranges::sort(logged);
  std::ranges::sort(selected);
  return logged == selected;
}

}  // namespace

bool makes(const CodeQuery& code, const QueryFacts& statement) {
  const auto kind = kind_of(code.kind);
  if (!kind || *kind != statement.kind || !statement.parsed || statement.catalog_query || code.tables.empty())
    return false;
  if (!same_tables(code, statement)) return false;
  if (statement.kind == StatementKind::insert) return true;
  const auto [equal, others] = compared(code, statement);
  if (equal != names_of(code.equal_columns) || others != names_of(code.other_columns)) return false;
  if (statement.kind != StatementKind::select) return true;
  return (code.first || code.limited) == statement.has_limit && code.has_offset == statement.has_offset &&
         code.ordered == !statement.sort.empty() && code.grouped == statement.grouped &&
         same_selection(code, statement);
}

}  // namespace pgadvise::lint
