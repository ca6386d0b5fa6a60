#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::foreign_key_without_on_delete {

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    for (const Constraint& key : own_foreign_keys(*table)) {
      if (key.on_delete != "NO ACTION") continue;
      reporter.add(
          key_subject(table->name, key), key.origin,
          "The foreign key " + display(table->name) + " (" + join(key.columns, ", ") + ") to " +
              display(key.referenced_table) +
              " has no ON DELETE action: the server refuses to delete a parent row that has children.");
    }
  }
}

constinit const Rule rule{
    .id = "foreign-key-without-on-delete",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a foreign key without an ON DELETE action",
    .why =
        "Without ON DELETE, the server refuses to delete a parent row that has children. Often this is "
        "intended. Often it is an oversight: deleting an account then fails in production because of one "
        "forgotten table. The catalog does not show whether NO ACTION was chosen or is the default, so this "
        "rule is off by default.",
    .fix =
        "Use ON DELETE CASCADE for parts of the parent, SET NULL for references that may be lost, and "
        "RESTRICT to state that the DELETE must be refused.",
    .when_to_ignore = "NO ACTION is the convention of the project.",
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules::foreign_key_without_on_delete
