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
        // Late versions of Prisma and of Supabase's tool take such statements out of the string that they
        // send.
        const bool script = migration.transaction == Migration::Transaction::script && step.transaction == 1;
        const std::string how = how_it_runs(migration);
        Finding& finding = out.add({&migration, &step, &action},
                                   {.kind = "index",
                                    .schema = action.table.schema,
                                    .table = action.table.name,
                                    .index = action.name.empty() ? join(action.columns, ", ") : action.name},
                                   statement_of(action) + " fails inside a transaction" +
                                       (how.empty() ? ", and a BEGIN stands before it." : ": " + how + "."),
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
    .summary = "a CONCURRENTLY that fails in the migration's transaction",
    .why =
        "CREATE, DROP and REINDEX INDEX CONCURRENTLY commit several times while they work: inside a "
        "transaction they end with an error, and the "
        "migration with them. Many migration tools open one: drizzle-orm one for all pending migrations, "
        "goose, dbmate, sqlx and Flyway one for each "
        "file. Prisma and golang-migrate send a file as one string, which the server runs as one transaction "
        "unless it is a single statement; "
        "Prisma since 7.4 and Supabase's tool since 2.109 take such statements out of it (there it is a "
        "warning).",
    .fix =
        "Give the statement a migration of its own, and turn the transaction off there as the tool has it. "
        "drizzle-orm can't: build the index by hand, "
        "with IF NOT EXISTS in the migration.",
    .when_to_ignore = "The migrations are run in another way than their folder looks like.",
    .check = check};

}  // namespace pgadvise::rules
