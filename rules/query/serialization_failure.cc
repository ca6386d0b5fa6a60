#include "base/text.h"
#include "lint/loops.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least{
    .name = "least", .fallback = 5, .meaning = "failures of one statement below which it is not reported"};
constexpr const Option* options[] = {&least};

void check(const Context& context, Reporter& reporter) {
  for (const auto& event : context.workload().server_events) {
    if (event.kind != ServerEvent::Kind::cancelled || event.about != "serialization failure" ||
        static_cast<double>(event.count) < context.option(least))
      continue;
    Subject subject{.kind = "query", .fingerprint = event.fingerprint, .entry = "serialization"};
    if (event.fingerprint.empty()) subject.kind = "server";
    const Query* query = context.query(event.fingerprint);
    if (query) {
      const QualifiedName table = main_table(*query);
      subject.schema = table.schema;
      subject.table = table.name;
    }
    Finding& finding = reporter.add(
        std::move(subject),
        (event.fingerprint.empty() ? "Transactions were" : std::string("This statement's transaction was")) +
            " rolled back " + times(event.count) +
            " because a concurrent transaction changed the same data: each time, the work is done again or "
            "lost.");
    finding.location = event.place;
    finding.evidence.push_back(evidence_of(event, "could not serialize access"));
    if (query && query->calls > 0)
      finding.evidence.push_back({Evidence::Kind::statement, ran(*query), std::nullopt, {}});
    finding.fix =
        Fix{.title =
                "Retry the whole transaction on SQLSTATE 40001, with a limit and a pause; to have fewer "
                "failures, keep transactions short, and use READ COMMITTED with SELECT … FOR UPDATE or one "
                "UPDATE that computes the new value",
            .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule serialization_failure{
    .id = "serialization-failure",
    .severity = Severity::note,
    .needs = Input::server_log,
    .summary = "a statement that often fails because of concurrent transactions",
    .why =
        "With REPEATABLE READ and SERIALIZABLE, PostgreSQL rolls a transaction back if another one changed "
        "the data that it read (`could not serialize access`, SQLSTATE 40001). The application has to "
        "repeat the whole transaction. Where it does not, users see an error. Where many fail, the work is "
        "done several times.\n\n"
        "The server logs each failure. Conflicts on a standby are not counted.",
    .fix =
        "Retry the transaction from its beginning. Change contended rows by one statement (`SET balance = "
        "balance - $1`), or lock them first.",
    .when_to_ignore = "All transactions are retried, and failures are rare among their calls.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
