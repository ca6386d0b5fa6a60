#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::network_call_in_transaction {
namespace {

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& call : code_facts(context)->calls_in_transactions) {
    Finding& finding =
        reporter.add(subjects.make(call.what, call.transaction.file, call.function),
                     located(context.project(), call.via.empty() ? call.place : call.via.front()),
                     "The transaction" + in_function(call.function) + " waits for a call of " + call.what +
                         ": its connection, its locks and its old row versions wait, too.");
    add_evidence(finding, context, "the transaction begins here", call.transaction);
    for (const auto& one : call.via) add_evidence(finding, context, "it calls a function", one);
    add_evidence(finding, context, "this waits for another service", call.place);
    finding.fix = manual_fix(
        "Call the service before or after the transaction; if the call must happen exactly when the "
        "transaction commits, write a row to an outbox table, from which another process makes the call");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "network-call-in-transaction",
    .severity = Severity::warning,
    .needs = Input::code,
    .summary = "a transaction that waits for another service",
    .why =
        "While the callback of `db.transaction()` awaits an HTTP call, the transaction stays open: its "
        "connection is taken from the pool, rows that it wrote stay locked, and VACUUM cannot remove what it "
        "may still see. A service that answers slowly then stops the application. A rollback also does not "
        "undo the call.\n\n"
        "pgadvise reads Drizzle transactions in TypeScript and JavaScript: awaited calls of fetch, axios and "
        "the like, and of packages of known services (Stripe, OpenAI, AWS, mail), also in functions of the "
        "project that the callback calls.",
    .fix = "Call the service before or after the transaction, or write a row to an outbox table.",
    .when_to_ignore = "The service runs on the same machine and always answers at once.",
    .check = check};

}  // namespace pgadvise::rules::network_call_in_transaction
