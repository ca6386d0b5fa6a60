#include <string>
#include <vector>

#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "model/project/connections.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::swallowed_migration_error {
namespace {

using Swallow = SchemaAction::Swallow;

std::string message_of(const SchemaAction& action, const std::string& text) {
  const bool block = starts_with_nocase(text, "do");
  return action.name + " exists already and differs: " + action.detail + ". " +
         (block ? "The block ignores the error, and the new object is not created."
                : "IF NOT EXISTS does nothing, and the new object is not created.");
}

Subject object_of(const SchemaAction& action) { return subject_in(action.table, "object", {}, action.name); }

bool is_block(const SchemaStep& step) {
  return starts_with_nocase(step.text, "do ") || starts_with_nocase(step.text, "do$");
}

bool has_constraint(const Catalog& catalog, const QualifiedName& table, const std::string& name) {
  const Table* at = catalog.table(table);
  return at && at->constraint(name);
}

// Reports a block that ran on the database, according to its tracking table, and whose constraint does not
// exist: the block caught an error. Constraints are compared by the name that the block gives them.
void compare(const Context& context, const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  if (action.kind != SchemaAction::Kind::add_constraint || action.name.empty() || !is_block(*site.step))
    return;
  for (const SchemaComparison& each : context.comparisons()) {
    if (!each.database || !each.applied_known || !each.other || !each.other->table(action.table) ||
        !has_constraint(*each.migrated, action.table, action.name) ||
        has_constraint(*each.other, action.table, action.name))
      continue;
    Finding& finding =
        out.add(site, object_of(action),
                "This block has run on " + each.other_name + ", but its constraint " + action.name +
                    " does not exist there: the block caught an error, and the migration counts as applied.");
    finding.verdict = Verdict::confirmed;
    finding.evidence.push_back(
        catalog_fact(each.other_name + " has " + display(action.table) + " without " + action.name));
    finding.fix = manual_fix(
        "Find the cause (rows that violate the constraint, a name that is taken), and add the constraint in "
        "a new migration, without the exception handler");
  }
}

void report_conflict(const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  Finding& finding = out.add(site, object_of(action), message_of(action, site.step->text));
  if (action.truncated)
    finding.evidence.push_back(
        catalog_fact("the name is longer than 63 bytes: the server truncates it, and another long name was "
                     "truncated to the same name"));
  finding.fix = manual_fix(
      action.truncated
          ? "Use a name of at most 63 bytes"
          : "Change the existing object or use another name, and let the statement fail on an error");
}

void report_violation(const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  Finding& finding =
      out.add(site, object_of(action),
              "The block catches " + action.detail + ": if rows of " + display(action.table) + " violate " +
                  action.name + ", the database lacks it, and the migration still counts as applied.");
  finding.fix = manual_fix("Remove the exception handler, and correct the rows that violate " + action.name +
                           " before this statement");
}

// The blocks of one migration that hide every error: one finding.
void report_blocks(const std::vector<Site>& blocks, SiteReporter& out) {
  if (blocks.empty()) return;
  const std::size_t count = blocks.size();
  const std::string which =
      count == 1 ? "this block: after an error its changes are missing"
                 : std::to_string(count) + " blocks: after an error the changes of a block are missing";
  Finding& finding = out.add(
      blocks.front(), {.kind = "migration"},
      "EXCEPTION WHEN OTHERS hides every error of " + which + ", and the migration still counts as applied.");
  std::vector<std::string> lines;
  for (std::size_t i = 1; i < count; ++i) lines.push_back(std::to_string(blocks[i].action->place.line));
  if (!lines.empty())
    finding.evidence.push_back(project_fact(
        (lines.size() == 1 ? "another block: line " : "other blocks: lines ") + join_first(lines, 5)));
  finding.fix = manual_fix("Catch only the expected condition (duplicate_object), or let the block fail");
}

std::string handler_of(const IgnoredMigrationError& error) {
  switch (error.form) {
    case IgnoredMigrationError::Form::catch_clause: return "The catch clause";
    case IgnoredMigrationError::Form::catch_method: return ".catch()";
    case IgnoredMigrationError::Form::exit_in_finally: break;
  }
  return "process.exit() in finally";
}

void report_code(const Project& project, const IgnoredMigrationError& error, Reporter& reporter,
                 FileSubjects& subjects) {
  Finding& finding =
      reporter.add(subjects.make(error.place.file, error.function.empty() ? "top level" : error.function),
                   located(project, error.place),
                   handler_of(error) + " swallows the error of migrate(): " +
                       (error.script ? "the script exits with 0 when a migration fails, and the deployment "
                                       "continues with the old schema."
                                     : "the application starts with the old schema when a migration fails."),
                   error.script ? Severity::error : Severity::warning);
  finding.evidence.push_back(project_fact("migrations run here, with migrate() of " + error.package,
                                          located(project, error.called)));
  finding.fix = manual_fix(
      error.form == IgnoredMigrationError::Form::exit_in_finally
          ? "Set process.exitCode = 1 where the error is caught, and do not call process.exit() in finally"
          : "Throw the error again, or end with process.exit(1)");
}

void check_migrations(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Migration& migration : context.migrations()) {
    std::vector<Site> blocks;
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        const Site site{&migration, &step, &action};
        compare(context, site, out);
        if (action.kind != SchemaAction::Kind::suppress_error) continue;
        if (action.suppress_error == Swallow::every_error) blocks.push_back(site);
        else if (action.suppress_error == Swallow::violation) report_violation(site, out);
        else report_conflict(site, out);
      }
    report_blocks(blocks, out);
  }
}

void check(const Context& context, Reporter& reporter) {
  if (context.has_migrations()) check_migrations(context, reporter);
  if (!context.has_project() || !context.project().connections) return;
  FileSubjects subjects;
  for (const auto& error : context.project().connections->ignored_migration_errors)
    report_code(context.project(), error, reporter, subjects);
}

}  // namespace

constinit const Rule rule{
    .id = "swallowed-migration-error",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = any(Input::migrations, Input::project),
    .summary = "a migration, or a script that runs migrations, that hides an error",
    .why =
        "`DO $$ BEGIN … EXCEPTION WHEN duplicate_object THEN null; END $$` and IF NOT EXISTS check only the "
        "name. drizzle-kit wrote such blocks around CREATE TYPE and ADD CONSTRAINT. If a different object "
        "has the name already, the migration succeeds and keeps the old object: an enum without the new "
        "labels, an index over other columns, or a foreign key that was never added because its name, "
        "truncated to 63 bytes, was taken.\n\n"
        "With a database (--db), pgadvise also reports a block that has run according to the tracking table "
        "and whose constraint does not exist. This covers only the checked migrations: name the file or use "
        "--since, because applied migrations are not checked by default.\n\n"
        "pgadvise replays the migrations and reports only real conflicts. A block or IF NOT EXISTS around a "
        "new or an identical object is harmless. WHEN OTHERS without RAISE is always reported, once for each "
        "migration, and so is a block that adds a constraint or a unique index to an existing table and "
        "catches the violation (unique_violation, check_violation …).\n\n"
        "In TypeScript and JavaScript, pgadvise follows the error of drizzle-orm's migrate() to the first "
        "handler: a catch clause or .catch() that only writes messages and cleans up, or process.exit(0) in "
        "finally. A script that then exits with 0 is an error, because the deployment continues with the old "
        "schema; an application that starts all the same is a warning. A handler that throws, exits with "
        "another code, returns a value, tries again or answers a request is not reported.",
    .fix =
        "Let the statement fail, or write the change: ALTER TYPE … ADD VALUE, another name, DROP and CREATE. "
        "In a script, `process.exit(1)` or `throw error` in the handler.",
    .when_to_ignore = "The difference is intended, and another mechanism handles it.",
    .check = check};

}  // namespace pgadvise::rules::swallowed_migration_error
