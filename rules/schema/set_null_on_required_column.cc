#include <algorithm>

#include "base/identifier.h"
#include "base/text.h"
#include "lint/tables.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// The columns that the action sets to null and that must not be: SET DEFAULT does so where there is no
// default.
std::vector<std::string> impossible(const Table& table, const Constraint& key, const std::string& action,
                                    bool on_delete) {
  std::vector<std::string> out;
  if (action != "SET NULL" && action != "SET DEFAULT") return out;
  const auto& columns = on_delete && !key.on_delete_columns.empty() ? key.on_delete_columns : key.columns;
  for (const auto& name : columns) {
    const Column* column = table.column(name);
    const bool to_null = action == "SET NULL" || (column && !column->default_expression);
    if (column && column->not_null && to_null) out.push_back(name);
  }
  return out;
}

bool in_primary_key(const Table& table, const std::vector<std::string>& columns) {
  const Constraint* key = primary_key(table);
  return key && std::any_of(columns.begin(), columns.end(),
                            [&](const std::string& name) { return contains(key->columns, name); });
}

Fix fix_of(const Table& table, const std::vector<std::string>& columns) {
  Fix fix;
  if (in_primary_key(table, columns)) {
    fix.title = "Make the key ON DELETE CASCADE or RESTRICT: a column of the primary key can't be null";
    fix.safety = Fix::Safety::manual;
    return fix;
  }
  const std::string alter = ddl::alter_table(table.name);
  std::vector<std::string> drop;
  std::vector<std::string> set;
  for (const auto& column : columns) {
    drop.push_back(" ALTER COLUMN " + quote_identifier(column) + " DROP NOT NULL");
    set.push_back(" ALTER COLUMN " + quote_identifier(column) + " SET NOT NULL");
  }
  fix.title = "Let the column be null, or make the key ON DELETE CASCADE or RESTRICT";
  fix.sql = alter + join(drop, ",") + ";";
  fix.down_sql = alter + join(set, ",") + ";";
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& key : table->constraints) {
      if (key.kind != Constraint::Kind::foreign_key || key.inherited) continue;
      const auto deleted = impossible(*table, key, key.on_delete, true);
      const auto updated = impossible(*table, key, key.on_update, false);
      const auto& columns = deleted.empty() ? updated : deleted;
      if (columns.empty()) continue;
      const std::string event = deleted.empty() ? "UPDATE" : "DELETE";
      const std::string& action = deleted.empty() ? key.on_update : key.on_delete;
      Finding& finding =
          reporter.add({.kind = "foreign-key",
                        .schema = table->name.schema,
                        .table = table->name.name,
                        .columns = key.columns,
                        .constraint = key.name},
                       display(table->name) + "." + join(columns, ", ") + " is NOT NULL, but its key to " +
                           display(key.referenced_table) + " is ON " + event + " " + action + ": the " +
                           event + " of a parent row that is referenced fails.");
      finding.location = key.origin;
      const Column* column = table->column(columns.front());
      finding.evidence.push_back(catalog_fact(
          columns.front() + " is declared NOT NULL" + (action == "SET DEFAULT" ? ", without a default" : ""),
          column->origin));
      finding.fix = fix_of(*table, columns);
    }
  }
}

}  // namespace

constinit const Rule set_null_on_required_column{
    .id = "set-null-on-required-column",
    .severity = Severity::error,
    .needs = Input::schema,
    .summary = "ON DELETE SET NULL on a column that is NOT NULL",
    .why =
        "PostgreSQL accepts the declaration, and fails when it fires: deleting a parent that has children "
        "ends in `null value in column … "
        "violates not-null constraint`. ON UPDATE SET NULL, and SET DEFAULT of a column without a default, "
        "do the same.",
    .fix =
        "Decide what should happen to the children: let the column be null, delete them too (CASCADE), or "
        "refuse (RESTRICT).",
    .when_to_ignore = "The failure is wanted as a guard; then RESTRICT says so more clearly.",
    .check = check};

}  // namespace pgadvise::rules
