#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::transaction_over_http {
namespace {

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& transaction : code_facts(context)->transactions_over_http) {
    const CodeQuery& query = transaction.query;
    Finding& finding = reporter.add(
        subjects.make("transaction over HTTP", query.place.file, query.function),
        "The transaction" + in_function(query.function) + " always fails: " + transaction.driver +
            " throws \"" + transaction.error +
            (transaction.handled ? "\". The code then does the work without a transaction." : "\"."));
    if (transaction.handled) finding.severity = Severity::note;
    finding.location = located(context.project(), query.place);
    finding.fix =
        manual_fix(transaction.batch ? "Send the statements with `db.batch([…])`, which is one transaction; "
                                       "or, where a statement needs the result of an earlier one, use "
                                       "drizzle-orm/neon-serverless, which connects by WebSocket"
                                     : "Use a driver with transactions: drizzle-orm/node-postgres or "
                                       "drizzle-orm/postgres-js, which connect to PostgreSQL");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "transaction-over-http",
    .severity = Severity::error,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary =
        "a transaction on a database of drizzle-orm/neon-http or another driver without transactions, which "
        "throws",
    .why =
        "neon-http sends each statement in an HTTP request of its own, and has no interactive transactions: "
        "`db.transaction()` compiles, and throws when it runs. xata-http and pg-proxy have none, either.\n\n"
        "pgadvise reads Drizzle code in TypeScript and JavaScript: calls of `transaction()` on a name that "
        "`drizzle()` of such a driver initializes, also in another file. If a `catch` then does the work "
        "without a transaction, the finding is a note: a failure in the middle leaves half of the work. A "
        "database to which the code gives a `transaction` of its own is not reported.",
    .fix =
        "`db.batch([…])` runs a list of statements as one transaction. drizzle-orm/neon-serverless, "
        "drizzle-orm/node-postgres and drizzle-orm/postgres-js have transactions.",
    .when_to_ignore = "The code never runs.",
    .check = check};

}  // namespace pgadvise::rules::transaction_over_http
