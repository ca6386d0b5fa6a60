#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::set_null_on_required_column {
namespace {

// The NOT NULL columns that the action sets to NULL. SET DEFAULT sets a column without a default to NULL.
std::vector<std::string> not_null_columns_set_to_null(const Table& table, const Constraint& key,
                                                      const std::string& action, bool on_delete) {
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
  return key &&
         std::ranges::any_of(columns, [&](const std::string& name) { return contains(key->columns, name); });
}

Fix fix_of(const Table& table, const std::vector<std::string>& columns) {
  if (in_primary_key(table, columns))
    return manual_fix(
        "Make the foreign key ON DELETE CASCADE or RESTRICT: a column of the primary key cannot be NULL");
  const std::string alter = ddl::alter_table(table.name);
  std::vector<std::string> drop, set;
  for (const auto& column : columns) {
    drop.push_back(" " + ddl::alter_column(column) + " DROP NOT NULL");
    set.push_back(" " + ddl::alter_column(column) + " SET NOT NULL");
  }
  return {.title = "Drop NOT NULL from the column, or make the foreign key ON DELETE CASCADE or RESTRICT",
          .sql = alter + join(drop, ",") + ";",
          .down_sql = alter + join(set, ",") + ";"};
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const Constraint& key : own_foreign_keys(*table)) {
      const auto deleted = not_null_columns_set_to_null(*table, key, key.on_delete, true);
      const auto updated = not_null_columns_set_to_null(*table, key, key.on_update, false);
      const auto& columns = deleted.empty() ? updated : deleted;
      if (columns.empty()) continue;
      const std::string event = deleted.empty() ? "UPDATE" : "DELETE";
      const std::string& action = deleted.empty() ? key.on_update : key.on_delete;
      Finding& finding = reporter.add(key_subject(table->name, key), key.origin,
                                      display(table->name) + "." + join(columns, ", ") +
                                          " is NOT NULL, but its foreign key to " +
                                          display(key.referenced_table) + " is ON " + event + " " + action +
                                          ": every " + event + " of a referenced parent row fails.");
      const Column* column = table->column(columns.front());
      finding.evidence.push_back(catalog_fact(
          columns.front() + " is declared NOT NULL" + (action == "SET DEFAULT" ? ", without a default" : ""),
          column->origin));
      finding.fix = fix_of(*table, columns);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "set-null-on-required-column",
    .severity = Severity::error,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "ON DELETE SET NULL on a column that is NOT NULL",
    .why =
        "PostgreSQL accepts the declaration, but the action fails. Deleting a parent row that has children "
        "ends in `null value in column … violates not-null constraint`. ON UPDATE SET NULL fails in the same "
        "way, and so does SET DEFAULT on a column without a default.",
    .fix =
        "Decide what should happen to the child rows: drop NOT NULL from the column, delete the rows too "
        "(CASCADE), or refuse the DELETE (RESTRICT).",
    .when_to_ignore = "The error is intended as a guard. RESTRICT expresses this more clearly.",
    .check = check};

}  // namespace pgadvise::rules::set_null_on_required_column
