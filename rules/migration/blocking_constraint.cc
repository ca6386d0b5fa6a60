#include <algorithm>

#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::blocking_constraint {
namespace {

constexpr Option min_rows = rows_option(10000);

using Kind = SchemaAction::Kind;
using Constrains = Constraint::Kind;

std::string shown(const SchemaAction& action) {
  if (!action.name.empty()) return "constraint " + action.name;
  constexpr std::string_view kinds[] = {"primary key", "unique constraint", "foreign key", "check",
                                        "exclusion constraint"};
  return std::string(kinds[static_cast<int>(action.constraint->kind)]) + " " +
         ddl::columns(action.constraint->columns);
}

Subject constraint_subject(const SchemaAction& action) {
  const bool key = action.constraint->kind == Constrains::foreign_key;
  return subject_in(action.table, key ? "foreign-key" : "constraint", action.constraint->columns,
                    action.name);
}

void validated_in_same_transaction(const Site& site, const SchemaStep& validation, const std::string& table,
                                   SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  std::string blocked = action.constraint->kind == Constrains::foreign_key
                            ? "writes to both tables are blocked"
                            : "reads and writes are blocked";
  Finding& finding = out.add(site, constraint_subject(action),
                             "The " + shown(action) + " on " + table +
                                 " is added NOT VALID and validated in the same transaction: " + blocked +
                                 " until the scan of the table ends, as without NOT VALID" + rows + ".",
                             action.on_null_columns ? std::optional(Severity::note) : std::nullopt);
  finding.fix = Fix{.title = "VALIDATE CONSTRAINT " + in_its_own_transaction(*site.migration),
                    .safety = Fix::Safety::manual,
                    .statement = validation.place};
}

// Why columns that the migration adds may hold values. An UPDATE before the constraint may fill them.
Evidence why_not_empty(const Site& site) {
  const auto& columns = site.action->constraint->columns;
  for (const SchemaStep& step : steps_before(site))
    for (const SchemaAction& action : step.actions)
      if (action.kind == Kind::update && action.table == site.action->table &&
          std::ranges::find_first_of(columns, action.columns) != columns.end())
        return project_fact("the migration fills the new column: " + step.text, step.place);
  return project_fact(
      "the migration adds the column with a default or IF NOT EXISTS: the column may hold values");
}

// Of a constraint that is no part of ADD COLUMN.
std::optional<SourceLocation> own_statement(const Site& site) {
  return site.action->with_column ? std::nullopt : std::optional(site.step->place);
}

// Foreign keys and checks: NOT VALID first, VALIDATE in a transaction of its own.
void unvalidated_first(const Site& site, const std::string& table, SiteReporter& out,
                       const std::string& rows) {
  const SchemaAction& action = *site.action;
  const bool key = action.constraint->kind == Constrains::foreign_key;
  const bool empty = key && action.on_null_columns && !action.with_column;
  std::string message =
      "Adding the " + shown(action) + " scans all of " + table +
      (key ? " and blocks writes to it and to " + display(action.constraint->referenced_table)
           : " and blocks reads and writes") +
      rows + ".";
  Finding& finding = out.add(site, constraint_subject(action), std::move(message),
                             empty ? std::optional(Severity::note) : std::nullopt);
  if (empty && action.constraint->columns.size() == 1) {
    finding.fix = manual_fix(
        "The column is new and empty: ADD COLUMN … REFERENCES … in one statement does not scan the table");
    return;
  }
  if (key && action.on_new_columns && !action.with_column) finding.evidence.push_back(why_not_empty(site));
  if (action.table_kind == Table::Kind::partitioned && key) {
    finding.fix = manual_fix(
        "Before PostgreSQL 18, foreign keys of partitioned tables cannot be NOT VALID: add the key to each "
        "partition first, NOT VALID and then validated, and to the parent last");
    return;
  }
  Constraint named = *action.constraint;
  named.name = action.name.empty()
                   ? action.table.name + "_" + join(named.columns, "_") + (key ? "_fkey" : "_check")
                   : action.name;
  const std::string later = in_its_own_transaction(*site.migration);
  finding.fix = Fix{.title = "Add the constraint NOT VALID; validate it " + later,
                    .sql = ddl::add_constraint(action.table, named) + " NOT VALID;\n-- " + later + ":\n" +
                           ddl::validate_constraint(action.table, named.name) + ";",
                    .down_sql = ddl::drop_constraint(action.table, named.name) + ";",
                    .safety = Fix::Safety::manual,
                    .statement = own_statement(site)};
}

// How to build the index of a key, where the migration's transaction allows no CONCURRENTLY; "" otherwise.
std::string how_to_build(const Site& site, const Index& index, const std::string& name) {
  const SchemaAction& action = *site.action;
  std::string out = outside_transaction(*site.migration, "");
  if (!may_run_by_hand(*site.migration)) return out;
  if (made_here(site, action.constraint->columns))
    return "CONCURRENTLY fails in the transaction of this migration, and the index cannot be built before, "
           "since this migration makes the column: move the constraint to a later deployment";
  return out +
         ". Of these statements, run only CREATE UNIQUE INDEX CONCURRENTLY by hand. Keep in the migration: " +
         ddl::create_index(action.table, index, {.if_not_exists = true}) + "; " +
         ddl::add_constraint_using_index(action.table, action.constraint->kind, name) +
         ". If the ADD CONSTRAINT is also run by hand, the migration fails";
}

// Primary keys, unique and exclusion constraints: building the index takes the time.
void index_first(const Site& site, const std::string& table, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  const bool primary = action.constraint->kind == Constrains::primary_key;
  if (action.using_index) {
    if (!primary || action.proven_not_null || !action.table_known) return;
    Finding& finding =
        out.add(site, constraint_subject(action),
                "The primary key of " + table +
                    " also makes a column NOT NULL: it scans the whole table and blocks reads and writes" +
                    rows + ".");
    finding.fix =
        manual_fix("Make the columns NOT NULL first, with a validated CHECK constraint (blocking-alter)");
    return;
  }
  Finding& finding = out.add(site, constraint_subject(action),
                             "Adding the " + shown(action) + " on " + table +
                                 " builds its index under a lock that blocks reads and writes" + rows + ".");
  if (action.constraint->kind == Constrains::exclusion || action.constraint->columns.empty()) {
    finding.fix = manual_fix(
        "An exclusion constraint cannot be built concurrently: set lock_timeout and run the migration during "
        "a maintenance window");
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
  finding.fix = Fix{.title = "Build the index CONCURRENTLY, then add the constraint USING INDEX",
                    .sql = ddl::create_index(action.table, index, {.concurrently = true}) + ";\n" +
                           ddl::add_constraint_using_index(action.table, action.constraint->kind, name) + ";",
                    .down_sql = ddl::drop_constraint(action.table, name) + ";",
                    .safety = Fix::Safety::manual,
                    .statement = own_statement(site)};
  if (const auto outside = how_to_build(site, index, name); !outside.empty())
    finding.evidence.push_back(project_fact(outside));
}

// The statement that validates the constraint in the transaction that adds it NOT VALID; nullptr: none.
const SchemaStep* validated_in(const Site& site) {
  if (site.step->transaction == 0) return nullptr;
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions)
      if (step.transaction == site.step->transaction && action.kind == Kind::validate_constraint &&
          action.table == site.action->table && action.name == site.action->name)
        return &step;
  return nullptr;
}

// ALTER DOMAIN … ADD CONSTRAINT reads every table that uses the domain.
void domain_constraint(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  Finding& finding = out.add(site, subject_of(action),
                             "The new constraint of the domain " + action.name + " scans all of " +
                                 display(action.table) + " and blocks writes to it" + rows + ".");
  finding.fix = manual_fix(
      "Set lock_timeout and run it during a maintenance window: VALIDATE CONSTRAINT of a domain blocks "
      "writes to these tables, too");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::add_constraint, Kind::change_domain})) {
    const SchemaAction& action = *site.action;
    if (action.kind == Kind::change_domain) {
      domain_constraint(site, out, rows_known(context, action.table));
      continue;
    }
    const std::string table = display(action.table);
    const std::string rows = rows_known(context, action.table);
    const bool scans =
        action.constraint->kind == Constrains::check || action.constraint->kind == Constrains::foreign_key;
    if (!scans) {
      index_first(site, table, out, rows);
    } else if (!action.constraint->validated) {
      if (const SchemaStep* validation = validated_in(site))
        validated_in_same_transaction(site, *validation, table, out, rows);
    } else if (!(action.with_column && action.on_null_columns &&
                 action.constraint->kind == Constrains::foreign_key)) {
      unvalidated_first(site, table, out, rows);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "blocking-constraint",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a constraint that is validated under a lock in a migration",
    .why =
        "PostgreSQL checks a new constraint against every row before the statement ends. Meanwhile a foreign "
        "key blocks writes to both tables. A CHECK, a unique constraint and a primary key block reads as "
        "well.\n\n"
        "With NOT VALID, existing rows are checked later by VALIDATE CONSTRAINT, which allows reads and "
        "writes. VALIDATE CONSTRAINT needs a transaction of its own: in one transaction with the ALTER "
        "TABLE, the lock of the ALTER TABLE stays. A unique constraint or primary key can use an index that "
        "was built CONCURRENTLY.\n\n"
        "A new constraint of a domain scans every table that has a column of the domain.\n\n"
        "Not reported: constraints that exist already, so that the statement fails or a DO block passes over "
        "it; constraints of tables that the same migration creates, and `ADD COLUMN … REFERENCES` without a "
        "default, where the server knows that there is nothing to check. As two statements, or as ADD COLUMN "
        "and ADD CONSTRAINT in one, the same change scans the table. This case is a note. It is not a note "
        "where the column is added IF NOT EXISTS, because the column may already exist and hold values.",
    .fix =
        "Use ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction. For keys, use "
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.",
    .when_to_ignore = "The table is small, or nobody uses it while migrations run.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::blocking_constraint
