#include <algorithm>
#include <map>

#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::serialization_failure {
namespace {

constexpr Option least{"least", 5, "failures of one statement below which it is not reported"};
constexpr Option least_lost{
    "not_repeated", 2,
    "transactions that nobody repeated, from which a statement with fewer failures is reported"};

// All failures of one statement.
struct Failures {
  std::vector<const ServerEvent*> events;
  std::uint64_t count = 0;
  std::uint64_t lost = 0;  // transactions that nobody repeated
};

void report(const Context& context, Reporter& reporter, const Failures& failures) {
  const ServerEvent& event =
      **std::ranges::min_element(failures.events, [](const ServerEvent* a, const ServerEvent* b) {
        return std::pair(a->first, a->place) < std::pair(b->first, b->place);
      });
  std::string message =
      (event.fingerprint.empty() ? "Transactions were" : std::string("This statement's transaction was")) +
      " rolled back " + times(failures.count) + " because a concurrent transaction changed the same data";
  message += failures.lost ? "; " + not_repeated_text(failures.lost, failures.count) + "."
                           : ": each time, the work is done again or lost.";
  Finding& finding =
      reporter.add(event_subject(context, event, "serialization"), event.place, std::move(message));
  finding.evidence.push_back(evidence_of(event, "could not serialize access"));
  if (auto applications = applications_of(failures.events))
    finding.evidence.push_back(std::move(*applications));
  if (const Query* query = context.query(event.fingerprint); query && query->calls > 0)
    finding.evidence.push_back(log_fact(ran(*query)));
  finding.fix = manual_fix(
      "Retry the whole transaction on SQLSTATE 40001, with a limit and a pause; to have fewer failures, keep "
      "transactions short, and use READ COMMITTED with SELECT … FOR UPDATE or one UPDATE that computes the "
      "new value");
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, Failures> by_statement;
  for (const auto& event : context.workload().server_events) {
    const bool lost = event.about == lost_serialization_failures;
    if (event.kind != ServerEvent::Kind::cancelled || (!lost && event.about != serialization_failures))
      continue;
    Failures& failures = by_statement[event.fingerprint];
    failures.events.push_back(&event);
    failures.count += event.count;
    if (lost) failures.lost += event.count;
  }
  for (const auto& [fingerprint, failures] : by_statement)
    if (failures.count >= context.option(least) ||
        static_cast<double>(failures.lost) >= std::max(1.0, context.option(least_lost)))
      report(context, reporter, failures);
}

}  // namespace

constinit const Rule rule{
    .id = "serialization-failure",
    .severity = Severity::note,
    .harm = Harm::deployment,
    .needs = Input::server_log,
    .summary = "a statement that often fails because of concurrent transactions",
    .why =
        "With REPEATABLE READ and SERIALIZABLE, PostgreSQL rolls a transaction back if another one changed "
        "the data that it read (`could not serialize access`, SQLSTATE 40001). The application has to repeat "
        "the whole transaction. Where it does not, users see an error. Where many fail, the work is done "
        "several times.\n\n"
        "The server logs each failure. Conflicts on a standby are not counted. Where the log has all "
        "statements (`log_statement = all`, or `log_min_duration_statement = 0` with parameters), the "
        "finding states how many of the transactions nobody ran again with the same values within a minute.",
    .fix =
        "Retry the transaction from its beginning. Change contended rows by one statement (`SET balance = "
        "balance - $1`), or lock them first.",
    .when_to_ignore = "All transactions are retried, and failures are rare among their calls.",
    .options = {&least, &least_lost},
    .check = check};

}  // namespace pgadvise::rules::serialization_failure
