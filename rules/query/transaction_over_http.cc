#include "lint/code.h"
#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

void check(const Context& context, Reporter& reporter) {
  const CodeFacts* code = lint::code_facts(context);
  if (!code) return;
  lint::CodeSubjects subjects;
  for (const auto& transaction : code->transactions_over_http) {
    Finding& finding =
        reporter.add(subjects.make("transaction over HTTP", transaction.place.file, transaction.function),
                     "The transaction" + lint::in_function(transaction.function) +
                         " always fails: drizzle-orm/neon-http throws \"No transactions support in neon-http "
                         "driver\".");
    finding.location = lint::located(context.project(), transaction.place);
    finding.fix = Fix{.title =
                          "Send the statements with `db.batch([…])`, which is one transaction; or, where a "
                          "statement needs the result of an earlier one, use drizzle-orm/neon-serverless, "
                          "which connects by WebSocket",
                      .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule transaction_over_http{
    .id = "transaction-over-http",
    .severity = Severity::error,
    .harm = lint::Harm::correctness,
    .needs = Input::code,
    .summary = "a transaction on a database of drizzle-orm/neon-http, which throws",
    .why =
        "neon-http sends each statement in an HTTP request of its own, and has no interactive transactions: "
        "`db.transaction()` compiles, and throws when it runs.\n\n"
        "pgadvise reads Drizzle code in TypeScript and JavaScript: calls of `transaction()` on a name that "
        "`drizzle()` of drizzle-orm/neon-http initializes, also in another file.",
    .fix =
        "`db.batch([…])` runs a list of statements as one transaction. drizzle-orm/neon-serverless has "
        "transactions.",
    .when_to_ignore = "The code never runs.",
    .check = check};

}  // namespace pgadvise::rules
