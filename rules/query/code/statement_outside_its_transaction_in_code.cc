#include <utility>

#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::statement_outside_its_transaction_in_code {
namespace {

bool writes(const CodeQuery& query) {
  using Kind = CodeQuery::Kind;
  return query.kind == Kind::insert || query.kind == Kind::update || query.kind == Kind::delete_;
}

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& [query, function, transaction, call] : code_facts(context)->outside_transactions) {
    Subject subject = subjects.make(query, transaction.file, function);
    const bool writing = writes(query);
    if (writing && !query.tables.empty() && is_record(query.tables.front())) continue;
    Finding& finding =
        reporter.add(std::move(subject), located(context.project(), call.value_or(query.place)),
                     statement_of(query) + " stands in the transaction" + in_function(function) +
                         ", but runs on another connection, outside the transaction: " +
                         (writing ? "a rollback does not undo the write, and the write waits for rows that "
                                    "the transaction has locked."
                                  : "the query does not see what the transaction wrote, and needs a second "
                                    "connection while the first one waits."),
                     writing ? std::nullopt : std::optional(Severity::note));
    add_evidence(finding, context, "the transaction begins here", transaction);
    if (call)
      add_evidence(finding, context, "the function that is called runs the statement on the database itself",
                   query.place);
    finding.fix = manual_fix(call ? "Give the transaction to the function as a parameter, and use it there"
                                  : "Use the parameter of the transaction's callback: `tx` in place of `db`");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "statement-outside-its-transaction-in-code",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary = "a statement in a transaction's callback that runs outside of the transaction",
    .why =
        "In `db.transaction(async (tx) => { … })` only what is called on `tx` belongs to the transaction. A "
        "statement on `db` takes another connection of the pool and commits on its own: a rollback does not "
        "undo it, it does not see the rows that the transaction wrote, and a foreign key to such a row "
        "fails. If it needs a row that the transaction has locked, both wait until a timeout, which "
        "PostgreSQL does not see as a deadlock. When all connections of the pool are in such transactions, "
        "none can go on.\n\n"
        "pgadvise reads Drizzle transactions in TypeScript and JavaScript. It reports awaited statements in "
        "the callback that name the same variable or member (`db`, `this.db`) as the call of transaction(), "
        "and writes on it in functions of the project that the callback calls. Reads are notes. Not reported "
        "are statements in `catch`, functions that run later, databases that are a parameter or a Proxy, or "
        "that an accessor or another function than `drizzle()` returns, functions that get the transaction "
        "or may end before they write, and writes to tables of logs, events, sessions, tokens and "
        "notifications, which may be meant to stay.",
    .fix =
        "Use the callback's parameter (`tx`) for each statement, and give it to the functions that it calls.",
    .when_to_ignore = "The row must stay when the transaction is rolled back: a record of the attempt.",
    .check = check};

}  // namespace pgadvise::rules::statement_outside_its_transaction_in_code
