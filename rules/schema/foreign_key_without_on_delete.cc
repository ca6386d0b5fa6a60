#include "base/text.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& key : table->constraints) {
      if (key.kind != Constraint::Kind::foreign_key || key.inherited || key.on_delete != "NO ACTION")
        continue;
      Finding& finding = reporter.add(
          {.kind = "foreign-key",
           .schema = table->name.schema,
           .table = table->name.name,
           .columns = key.columns,
           .constraint = key.name},
          "The foreign key " + display(table->name) + " (" + join(key.columns, ", ") + ") to " +
              display(key.referenced_table) +
              " doesn't say what becomes of its rows when the parent goes: the DELETE is refused.");
      finding.location = key.origin;
    }
  }
}

constinit const Rule foreign_key_without_on_delete{
    .id = "foreign-key-without-on-delete",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a foreign key that doesn't say what happens on delete",
    .why =
        "Without ON DELETE the server refuses to delete a parent that has children. That is often what is "
        "wanted, and as often what nobody thought of: "
        "deleting an account then fails in production on the one table that was forgotten. The catalog can't "
        "tell NO ACTION that was chosen from "
        "NO ACTION that was left, so this rule is off by default.",
    .fix =
        "ON DELETE CASCADE for parts of the parent, SET NULL for references that may be lost, RESTRICT to "
        "say that refusing is meant.",
    .when_to_ignore = "NO ACTION is the project's rule.",
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules
