#include "base/identifier.h"
#include "base/text.h"
#include "lint/migrations.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_rows{
    .name = "rows",
    .fallback = 10000,
    .table_size = true,
    .meaning = "rows of the table, by a server's statistics, from which it is reported"};
constexpr const Option* options[] = {&min_rows};

using Kind = SchemaAction::Kind;
using Constrains = Constraint::Kind;

std::string shown(const SchemaAction& action) {
  if (!action.name.empty()) return "constraint " + action.name;
  constexpr std::string_view kinds[] = {"primary key", "unique constraint", "foreign key", "check",
                                        "exclusion constraint"};
  return std::string(kinds[static_cast<int>(action.constraint->kind)]) + " " +
         ddl::columns(action.constraint->columns);
}

Subject subject_of(const SchemaAction& action) {
  const bool key = action.constraint->kind == Constrains::foreign_key;
  return {.kind = key ? "foreign-key" : "constraint",
          .schema = action.table.schema,
          .table = action.table.name,
          .columns = action.constraint->columns,
          .constraint = action.name};
}

void validated_at_once(const Site& site, const SchemaAction& action, const std::string& table,
                       SiteReporter& out, const std::string& rows) {
  std::string who =
      action.constraint->kind == Constrains::foreign_key ? "writes to both tables wait" : "everybody waits";
  Finding& finding = out.add(site, subject_of(action),
                             "The " + shown(action) + " on " + table +
                                 " is added NOT VALID and validated in one transaction: " + who +
                                 " until the table has been read, as without NOT VALID" + rows + ".");
  finding.fix = Fix{.title = "VALIDATE CONSTRAINT " + in_its_own_transaction(*site.migration),
                    .safety = Fix::Safety::manual};
}

// Foreign keys and checks: NOT VALID first, VALIDATE in a transaction of its own.
void unvalidated_first(const Site& site, const std::string& table, SiteReporter& out,
                       const std::string& rows) {
  const SchemaAction& action = *site.action;
  const bool key = action.constraint->kind == Constrains::foreign_key;
  const bool empty = key && action.on_null_columns && !action.with_column;
  std::string message =
      "Adding the " + shown(action) + " reads all of " + table +
      (key ? " while writes to it and to " + display(action.constraint->referenced_table) + " wait"
           : " while everybody else waits, readers too") +
      rows + ".";
  Finding& finding = out.add(site, subject_of(action), std::move(message),
                             empty ? std::optional(Severity::note) : std::nullopt);
  if (empty && action.constraint->columns.size() == 1) {
    finding.fix = Fix{.title =
                          "The column is new and holds nothing: ADD COLUMN … REFERENCES … in one statement "
                          "needs no look at the rows",
                      .safety = Fix::Safety::manual};
    return;
  }
  if (key && action.on_new_columns && !action.with_column)
    finding.evidence.push_back(
        {Evidence::Kind::project,
         "the migration adds the column with a default, or IF NOT EXISTS: it may hold values",
         std::nullopt,
         {}});
  if (action.table_kind == Table::Kind::partitioned && key) {
    finding.fix =
        Fix{.title =
                "NOT VALID does not work for foreign keys of partitioned tables before PostgreSQL 18: add it "
                "to each partition first, NOT VALID and then validated, and to the parent last",
            .safety = Fix::Safety::manual};
    return;
  }
  Constraint named = *action.constraint;
  named.name = action.name.empty()
                   ? action.table.name + "_" + join(named.columns, "_") + (key ? "_fkey" : "_check")
                   : action.name;
  finding.fix = Fix{.title = "Add it NOT VALID; validate it " + in_its_own_transaction(*site.migration),
                    .sql = ddl::alter_table(action.table) + " ADD " + ddl::named_constraint(named) +
                           " NOT VALID;\n-- " + in_its_own_transaction(*site.migration) + ":\n" +
                           ddl::validate_constraint(action.table, named.name) + ";",
                    .down_sql = ddl::drop_constraint(action.table, named.name) + ";",
                    .safety = Fix::Safety::manual};
}

// Keys: the index is what takes the time.
void index_first(const Site& site, const std::string& table, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  const bool primary = action.constraint->kind == Constrains::primary_key;
  if (action.using_index) {
    if (!primary || action.proven_not_null || !action.table_known) return;
    Finding& finding = out.add(site, subject_of(action),
                               "The primary key of " + table +
                                   " makes a column NOT NULL on the way, and reads the whole table for it "
                                   "while everybody else waits" +
                                   rows + ".");
    finding.fix =
        Fix{.title = "Make the columns NOT NULL first, by way of a validated check (blocking-alter)",
            .safety = Fix::Safety::manual};
    return;
  }
  Finding& finding = out.add(site, subject_of(action),
                             "Adding the " + shown(action) + " on " + table +
                                 " builds its index while everybody else waits, readers too" + rows + ".");
  if (action.constraint->kind == Constrains::exclusion || action.constraint->columns.empty()) {
    finding.fix = Fix{.title =
                          "An exclusion constraint can't be built beside the traffic: set lock_timeout, and "
                          "take a quiet hour",
                      .safety = Fix::Safety::manual};
    return;
  }
  const std::string name =
      action.name.empty()
          ? action.table.name + (primary ? "_pkey" : "_" + join(action.constraint->columns, "_") + "_key")
          : action.name;
  Index index;
  index.name = name;
  index.unique = true;
  for (const auto& column : action.constraint->columns) index.keys.push_back({.column = column});
  finding.fix =
      Fix{.title = "Build the index CONCURRENTLY, and make it the constraint's",
          .sql = ddl::create_index(action.table, index, {.concurrently = true}) + ";\n" +
                 ddl::alter_table(action.table) + " ADD CONSTRAINT " + quote_identifier(name) +
                 (primary ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " + quote_identifier(name) + ";",
          .down_sql = ddl::drop_constraint(action.table, name) + ";",
          .safety = Fix::Safety::manual};
  if (const auto outside =
          outside_transaction(*site.migration, "CREATE UNIQUE INDEX IF NOT EXISTS and ADD CONSTRAINT");
      !outside.empty())
    finding.evidence.push_back({Evidence::Kind::project, outside, std::nullopt, {}});
}

// NOT VALID in this transaction, and VALIDATE after it.
bool validated_in(const Site& site) {
  if (site.step->transaction == 0) return false;
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions)
      if (step.transaction == site.step->transaction && action.kind == Kind::validate_constraint &&
          action.table == site.action->table && action.name == site.action->name)
        return true;
  return false;
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::add_constraint})) {
    const SchemaAction& action = *site.action;
    const std::string table = display(action.table);
    const std::string rows = rows_known(context, action.table);
    const bool looks =
        action.constraint->kind == Constrains::check || action.constraint->kind == Constrains::foreign_key;
    if (!looks) {
      index_first(site, table, out, rows);
    } else if (!action.constraint->validated) {
      if (validated_in(site)) validated_at_once(site, action, table, out, rows);
    } else if (!(action.with_column && action.on_null_columns &&
                 action.constraint->kind == Constrains::foreign_key)) {
      unvalidated_first(site, table, out, rows);
    }
  }
}

}  // namespace

constinit const Rule blocking_constraint{
    .id = "blocking-constraint",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a constraint that is checked in a migration while others wait",
    .why =
        "A new constraint is checked against every row before the statement ends. A foreign key holds off "
        "writes to both tables meanwhile, a check, a "
        "unique constraint and a primary key hold off readers as well.\n\n"
        "NOT VALID leaves the check of old rows to VALIDATE CONSTRAINT, which lets reads and writes pass: "
        "but only in a transaction of its own, since in "
        "one with the ALTER TABLE that lock stays. A unique constraint or primary key takes over an index "
        "that was built CONCURRENTLY.\n\n"
        "Not reported: constraints of tables that the same migration creates, and `ADD COLUMN … REFERENCES` "
        "without a default, where the server knows "
        "that there is nothing to check. Written as two statements, or as ADD COLUMN and ADD CONSTRAINT in "
        "one, it reads the table all the same (a note; "
        "not where the column is added IF NOT EXISTS, since it may have been there with values).",
    .fix =
        "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction; for keys CREATE UNIQUE "
        "INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.",
    .when_to_ignore = "The table is small, or nobody uses it while migrations run.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
