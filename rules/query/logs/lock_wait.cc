#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/server/lock_waits.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::lock_wait {
namespace {

using Kind = ServerEvent::Kind;

constexpr Option total_ms{
    "total_ms", 1000, "total milliseconds of lock waits of one statement below which nothing is reported"};
constexpr Option waiting_seconds{
    "waiting_seconds", 5,
    "seconds for which a session must have waited for a lock when pgadvise reads the sessions"};

bool changes_schema(const std::string& statement) {
  for (const auto* verb :
       {"alter ", "create ", "drop ", "truncate", "reindex", "vacuum full", "cluster", "lock ", "refresh "})
    if (starts_with_nocase(statement, verb)) return true;
  return false;
}

// Where the two statements of a deadlock use different tables: each transaction had locked what the other
// one's statement waits for. nullopt: not known, or one table.
std::optional<std::pair<QualifiedName, QualifiedName>> two_tables(const Context& context,
                                                                  const ServerEvent& event) {
  const Query* waited = context.query(event.fingerprint);
  const auto& queries = context.workload().queries;
  const auto other =
      std::ranges::find_if(queries, [&](const Query& query) { return query.text == event.about; });
  if (!waited || event.about.empty() || other == queries.end()) return std::nullopt;
  // An INSERT waits for rows that its foreign keys refer to, or for an equal key.
  const auto locks_own_rows = [](const Query& query) {
    return query.facts.kind == StatementKind::update || query.facts.kind == StatementKind::delete_ ||
           query.facts.locks_rows;
  };
  if (!locks_own_rows(*waited) || !locks_own_rows(*other)) return std::nullopt;
  std::pair<QualifiedName, QualifiedName> out{main_table(*waited), main_table(*other)};
  if (out.first.name.empty() || out.second.name.empty() || out.first == out.second) return std::nullopt;
  return out;
}

// All deadlocks of one statement. `lost`: transactions that nobody repeated.
void report_deadlock(const Context& context, Reporter& reporter,
                     const std::vector<const ServerEvent*>& events, std::uint64_t lost) {
  const ServerEvent& first = *events.front();
  std::uint64_t count = 0;
  for (const auto* event : events) count += event->count;
  std::string message = "A deadlock ended this statement's transaction " + times(count) +
                        ": two transactions acquired the same locks in a different order.";
  if (lost) message.back() = ';', message += " " + not_repeated_text(lost, count) + ".";
  Finding& finding = reporter.add(event_subject(context, first, "deadlock"), first.place, std::move(message));
  finding.evidence.push_back(evidence_of(first, "was rolled back"));
  if (auto applications = applications_of(events)) finding.evidence.push_back(std::move(*applications));
  for (std::size_t i = 0; i < events.size() && i < 3; ++i)
    if (!events[i]->about.empty())
      finding.evidence.push_back(log_fact(
          "the other transaction ran: " + ellipsis(events[i]->about, shown_statement), events[i]->place));
  finding.fix = manual_fix(
      "Acquire locks in the same order everywhere (sort the keys, or SELECT … ORDER BY key FOR UPDATE "
      "first), and retry the transaction on SQLSTATE 40P01");
  const auto tables = two_tables(context, first);
  if (!tables) return;
  const std::string a = display(tables->first), b = display(tables->second);
  finding.evidence.push_back(log_fact("this transaction had locked rows of " + b + " and waited for " + a +
                                      ", the other one had locked rows of " + a + " and waited for " + b));
  finding.fix->title = "Use the tables in the same order in both transactions, for example " +
                       std::min(a, b) + " before " + std::max(a, b) +
                       "; retry the transaction on SQLSTATE 40P01";
}

void report_waits(const Context& context, Reporter& reporter, const LockWaits& waits) {
  const ServerEvent& first = waits.ended.empty() ? *waits.unfinished.front() : *waits.ended.front();
  const bool schema = changes_schema(first.statement);
  std::string message =
      (first.fingerprint.empty() ? "Sessions waited for locks " : "This statement waited for a lock ") +
      times(waits.count);
  if (waits.longest_us > 0)
    message += ", " + duration_text(waits.longest_us / 1000) +
               (waits.count > 1 ? " at most, " + duration_text(waits.total_us / 1000) + " in total" : "");
  if (first.fingerprint.empty()) message += "; the log does not have their statements";
  message += schema                      ? "; meanwhile every later statement on the table waited, too."
             : first.fingerprint.empty() ? ": other transactions held the rows or tables."
                                         : ": another transaction held the row or table.";
  Finding& finding = reporter.add(event_subject(context, first, "wait"), first.place, std::move(message));
  finding.evidence.push_back(evidence_of(first, "waited"));
  for (auto& evidence : evidence_of(waits)) finding.evidence.push_back(std::move(evidence));
  finding.fix =
      manual_fix(schema ? "Set lock_timeout to one or two seconds for this statement and retry it, so that "
                          "others do not queue; look for the long transaction that blocks it"
                        : "Shorten the transaction that holds the lock: move slow work and waits out of the "
                          "transaction, and change the contended row last");
}

void check(const Context& context, Reporter& reporter) {
  if (context.has_catalog()) report_lock_queues(context, reporter, context.option(waiting_seconds));
  if (!context.has_workload()) return;
  std::map<std::string, std::vector<const ServerEvent*>> deadlocks;
  std::map<std::string, std::uint64_t> lost;  // deadlocks whose transaction nobody repeated
  for (const auto& event : context.workload().server_events) {
    if (event.kind == Kind::deadlock) deadlocks[event.fingerprint].push_back(&event);
    if (event.kind == Kind::cancelled && event.about == lost_deadlocks)
      lost[event.fingerprint] += event.count;
  }
  for (const auto& [fingerprint, events] : deadlocks)
    report_deadlock(context, reporter, events, lost[fingerprint]);
  for (const auto& [fingerprint, waits] : lock_waits(context.workload()))
    if (!waits.unfinished.empty() || waits.total_us >= context.option(total_ms) * 1000)
      report_waits(context, reporter, waits);
}

}  // namespace

constinit const Rule rule{
    .id = "lock-wait",
    .severity = Severity::note,
    .needs = any(Input::server_log, Input::settings),
    .summary = "a statement that waits for a lock of another transaction or fails in a deadlock",
    .why =
        "A statement that waits for a lock is as slow as the transaction that holds the lock, and no index "
        "helps. In a deadlock, two transactions wait for each other: after deadlock_timeout, the server ends "
        "one of them, and the application has to repeat its transaction. An ALTER TABLE that waits also "
        "blocks every later statement on the table.\n\n"
        "Deadlocks are always logged, with the statements of both transactions. Where the log has all "
        "statements (`log_statement = all`, or `log_min_duration_statement = 0` with parameters), the "
        "finding states how many of the transactions nobody ran again with the same values within a minute. "
        "Waits longer than deadlock_timeout (1 s) are logged with `log_lock_waits = on`. The log shows the "
        "process ID of the lock's holder: where other lines have that process ID (`%p` or `%c` in "
        "log_line_prefix), the finding names the holder's application (`%a`), user and statement.\n\n"
        "With a database or a snapshot, pgadvise also reports sessions that wait for a lock at that moment, "
        "at most 20 of the server: the longest waits. The finding names the application that holds the lock. "
        "It is a warning if the lock's holder is idle in its transaction. Before PostgreSQL 14, a wait "
        "counts from the beginning of the statement.",
    .fix =
        "Keep transactions short, change contended rows last, and acquire locks in the same order. In "
        "migrations, use `SET lock_timeout` and retry.",
    .when_to_ignore = "Workers of a queue are meant to wait for each other (SKIP LOCKED would be better).",
    .options = {&total_ms, &waiting_seconds},
    .check = check};

}  // namespace pgadvise::rules::lock_wait
