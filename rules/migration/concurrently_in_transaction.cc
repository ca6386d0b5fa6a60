#include <set>

#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::concurrently_in_transaction {

using Kind = SchemaAction::Kind;

static std::string statement_of(const SchemaAction& action) {
  switch (action.kind) {
    case Kind::create_index: return "CREATE INDEX CONCURRENTLY";
    case Kind::drop_index: return "DROP INDEX CONCURRENTLY";
    case Kind::detach_partition: return "DETACH PARTITION CONCURRENTLY";
    default: return action.concurrently ? "REINDEX CONCURRENTLY" : "REINDEX " + action.detail;
  }
}

// One note for all statements of a folder whose runner is likely to avoid the transaction.
static void report_folder(const Site& site, const std::string& folder, bool runner, Reporter& reporter) {
  Finding& finding = reporter.add(
      {.kind = "file", .file = folder, .entry = "CONCURRENTLY"}, site.action->place,
      statement_of(*site.action) + " and others in " + folder + " fail if " + how_it_runs(*site.migration) +
          (runner ? ", but the project reads the files with readMigrationFiles and runs them in its own way."
                  : ", but several migrations of the folder have such statements, so that its runner may "
                    "avoid the transaction."),
      Severity::note);
  finding.fix = manual_fix(outside_transaction(*site.migration, ""));
}

static void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  std::set<std::string> reported;  // folders
  for (const Migration& migration : context.migrations())
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        if (!needs_own_transaction(action) || step.transaction == 0) continue;
        const std::string how = how_it_runs(migration);
        const bool runner = own_runner(context, migration);
        if (!how.empty() && (runner || migration.concurrently_elsewhere)) {
          const std::string folder = migration.file.substr(0, migration.file.find(migration.entry));
          if (reported.insert(folder).second)
            report_folder({&migration, &step, &action}, folder, runner, reporter);
          continue;
        }
        // Recent versions of Prisma and of the Supabase CLI run such statements outside the script.
        const bool script = migration.transaction == Migration::Transaction::script && step.transaction == 1;
        Finding& finding = out.add({&migration, &step, &action},
                                   {.kind = action.kind == Kind::detach_partition ? "table" : "index",
                                    .schema = action.table.schema,
                                    .table = action.table.name,
                                    .index = action.kind == Kind::detach_partition ? ""
                                             : !action.name.empty()                ? action.name
                                             : !action.columns.empty() ? join(action.columns, ", ")
                                                                       : action.detail},
                                   statement_of(action) + " fails inside a transaction: " +
                                       (how.empty() ? "there is a BEGIN before it" : how) + ".",
                                   script ? std::optional(Severity::warning) : std::nullopt);
        finding.fix = manual_fix(
            outside_transaction(migration, action.kind == Kind::create_index ? "CREATE INDEX IF NOT EXISTS"
                                           : action.kind == Kind::drop_index ? "DROP INDEX IF EXISTS"
                                                                             : ""));
      }
}

constinit const Rule rule{
    .id = "concurrently-in-transaction",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = Input::migrations,
    .summary = "a CONCURRENTLY statement that fails in the transaction of its migration",
    .why =
        "CREATE, DROP and REINDEX INDEX CONCURRENTLY, DETACH PARTITION CONCURRENTLY, and REINDEX of a schema "
        "or database use several transactions. Inside a transaction they fail, and the migration fails with "
        "them.\n\n"
        "Many migration tools open a transaction: drizzle-orm opens one for all pending migrations; goose, "
        "dbmate, sqlx and Flyway open one for each file. Prisma and golang-migrate send a file as one "
        "string, which the server runs as one transaction unless it is a single statement. Prisma since 7.4 "
        "and the Supabase CLI since 2.109 run such statements separately, so there the finding is a warning. "
        "Flyway runs a file outside a transaction if all its statements need that, or if its settings say "
        "mixed.\n\n"
        "There is one note for the folder where two or more of its migrations have such statements, or where "
        "the project's code calls drizzle's readMigrationFiles: the runner is likely to avoid the "
        "transaction.",
    .fix =
        "Give the statement a migration of its own, and disable the transaction there as the tool allows. "
        "drizzle-orm cannot disable it: build the index by hand, and use IF NOT EXISTS in the migration.",
    .when_to_ignore = "The migrations run in another way than their folder suggests.",
    .check = check};

}  // namespace pgadvise::rules::concurrently_in_transaction
