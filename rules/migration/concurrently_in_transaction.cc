#include "base/text.h"
#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

using Kind = SchemaAction::Kind;

static std::string statement_of(const SchemaAction& action) {
  return action.kind == Kind::create_index ? "CREATE INDEX CONCURRENTLY"
         : action.kind == Kind::drop_index ? "DROP INDEX CONCURRENTLY"
                                           : "REINDEX CONCURRENTLY";
}

static void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Migration& migration : context.migrations())
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        const bool index = action.kind == Kind::create_index || action.kind == Kind::drop_index ||
                           action.kind == Kind::reindex;
        if (!index || !action.concurrently || step.transaction == 0) continue;
        // Recent versions of Prisma and of the Supabase CLI run such statements outside the script.
        const bool script = migration.transaction == Migration::Transaction::script && step.transaction == 1;
        const std::string how = how_it_runs(migration);
        Finding& finding = out.add({&migration, &step, &action},
                                   {.kind = "index",
                                    .schema = action.table.schema,
                                    .table = action.table.name,
                                    .index = action.name.empty() ? join(action.columns, ", ") : action.name},
                                   statement_of(action) + " fails inside a transaction: " +
                                       (how.empty() ? "there is a BEGIN before it" : how) + ".",
                                   script ? std::optional(Severity::warning) : std::nullopt);
        finding.fix = Fix{.title = outside_transaction(
                              migration, action.kind == Kind::create_index ? "CREATE INDEX IF NOT EXISTS"
                                         : action.kind == Kind::drop_index ? "DROP INDEX IF EXISTS"
                                                                           : ""),
                          .safety = Fix::Safety::manual};
      }
}

constinit const Rule concurrently_in_transaction{
    .id = "concurrently-in-transaction",
    .severity = Severity::error,
    .needs = Input::migrations,
    .summary = "a CONCURRENTLY statement that fails in the transaction of its migration",
    .why =
        "CREATE, DROP and REINDEX INDEX CONCURRENTLY use several transactions. Inside a transaction they "
        "fail, and the migration fails with them.\n\n"
        "Many migration tools open a transaction: drizzle-orm opens one for all pending migrations; goose, "
        "dbmate, sqlx and Flyway open one for each file. Prisma and golang-migrate send a file as one "
        "string, which the server runs as one transaction unless it is a single statement. Prisma since 7.4 "
        "and the Supabase CLI since 2.109 run such statements separately, so there the finding is a warning.",
    .fix =
        "Give the statement a migration of its own, and disable the transaction there as the tool allows. "
        "drizzle-orm cannot disable it: build the index by hand, and use IF NOT EXISTS in the migration.",
    .when_to_ignore = "The migrations run in another way than their folder suggests.",
    .check = check};

}  // namespace pgadvise::rules
