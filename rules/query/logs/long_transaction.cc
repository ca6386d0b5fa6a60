#include <algorithm>
#include <map>
#include <set>

#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::long_transaction {
namespace {

using Kind = ServerEvent::Kind;

constexpr Option min_seconds{"seconds", 60,
                             "seconds for which the same statement repeats in one transaction"};
constexpr Option idle_seconds{
    "idle_seconds", 30, "seconds from BEGIN to COMMIT of a transaction that is idle for most of that time"};
constexpr Option open_seconds{
    "open_seconds", 300,
    "seconds for which a transaction must have been open when pgadvise reads the sessions"};

void report_ended(Reporter& reporter, const ServerEvent& event, bool idle) {
  Finding& finding = reporter.add(
      {.kind = "server", .entry = idle ? "idle_in_transaction_session_timeout" : "transaction_timeout"},
      event.place,
      "The server ended a transaction " + times(event.count) +
          (idle ? " that had been idle for too long: the application began it and then did something else."
                : " that had been open for too long."));
  finding.evidence.push_back(evidence_of(event, idle ? "terminated by the idle-in-transaction timeout"
                                                     : "terminated by the transaction timeout"));
  finding.fix = manual_fix(
      "Find the code that waits inside a transaction (for another service, a user, a forgotten commit), and "
      "end the transaction before the wait");
}

void report_loop(const Context& context, Reporter& reporter, const RepeatedQuery& repeat) {
  const Query* query = context.query(repeat.pattern.front());
  if (!query) return;
  const QualifiedName table = main_table(*query);
  Finding& finding = reporter.add(
      {.kind = "query", .schema = table.schema, .table = table.name, .fingerprint = query->fingerprint},
      "A transaction was open for at least " + duration_text(repeat.longest_span_ms) +
          ", while this statement ran " + times(repeat.max_in_one_scope) +
          " in it: " + ellipsis(query->text, shown_statement));
  finding.evidence.push_back(figures(repeat, 1));
  if (!repeat.samples.empty()) finding.location = repeat.samples.front().place;
  finding.fix = manual_fix("Split the loop into batches with a commit each, or use one statement");
}

// Sessions of one application with a long transaction, all idle or all active.
struct Open {
  std::vector<const Session*> sessions;
  bool idle = false;
};

void report_open(Reporter& reporter, const std::string& application, Open open) {
  std::ranges::stable_sort(open.sessions, [](const Session* a, const Session* b) {
    return *a->transaction_seconds > *b->transaction_seconds;
  });
  const std::string whose =
      application.empty() ? "a session without application_name" : ellipsis(application, 60);
  const std::string age = duration_text(*open.sessions.front()->transaction_seconds * 1000);
  const std::size_t others = open.sessions.size() - 1;
  Finding& finding = reporter.add(
      {.kind = "server", .entry = (open.idle ? "idle in transaction: " : "active: ") + application},
      "A transaction of " + whose + " was open for " + age +
          (others ? ", and " + std::to_string(others) + " more for a long time" : "") +
          (open.idle
               ? ": the session is idle, but keeps its locks and prevents vacuum from removing dead rows."
               : ", and was active: vacuum cannot remove rows that died since then."),
      open.idle ? std::nullopt : std::optional(Severity::note));
  for (std::size_t i = 0; i < open.sessions.size() && i < 5; ++i) {
    const Session& session = *open.sessions[i];
    std::string text = "pid " + std::to_string(session.pid) + ", transaction open for " +
                       duration_text(*session.transaction_seconds * 1000) + ", " + session.state;
    if (session.state_seconds) text += " for " + duration_text(*session.state_seconds * 1000);
    finding.evidence.push_back(catalog_fact(std::move(text)));
  }
  Fix& fix = finding.fix.emplace();
  fix.title = open.idle ? "Find the code that waits inside a transaction, and end the transaction before the "
                          "wait; idle_in_transaction_session_timeout limits the damage"
                        : "Split the work into batches with a commit each, unless it must be atomic";
  fix.safety = Fix::Safety::manual;
}

// Only sessions of this database: a transaction in another database does not hold back vacuum here.
void check_sessions(const Context& context, Reporter& reporter) {
  std::map<std::pair<std::string, bool>, Open> found;
  for (const Session& session : context.catalog().sessions) {
    if (session.database != context.catalog().database || session.application == "pg_dump" ||
        session.transaction_seconds.value_or(0) < context.option(open_seconds))
      continue;
    const bool idle = session.state.starts_with("idle in transaction");
    Open& open = found[{session.application, idle}];
    open.idle = idle;
    open.sessions.push_back(&session);
  }
  for (auto& [key, open] : found) report_open(reporter, key.first, std::move(open));
}

// A transaction that the log of all statements shows as mostly idle between BEGIN and COMMIT.
void report_idle(const Context& context, Reporter& reporter, const ServerEvent& event) {
  std::string message = event.count == 1
                            ? "A transaction was open for " + duration_text(event.longest_us / 1000)
                            : grouped(event.count) + " transactions were open for up to " +
                                  duration_text(event.longest_us / 1000);
  message += ", and idle for most of it";
  if (!event.statement.empty())
    message += "; the longest pause came after: " + ellipsis(event.statement, shown_statement);
  else message += ".";
  Finding& finding = reporter.add(event_subject(context, event, "idle"), event.place, std::move(message));
  finding.evidence.push_back(evidence_of(event, "the client paused after this statement"));
  finding.fix = manual_fix(
      "Commit before the application waits (for another service, a user), and begin a new transaction "
      "afterwards");
}

bool by_people(const ServerEvent& event) {
  return !event.applications.empty() &&
         std::ranges::all_of(event.applications, [](const auto& entry) { return is_tool(entry.first); });
}

void check(const Context& context, Reporter& reporter) {
  if (context.has_catalog()) check_sessions(context, reporter);
  if (!context.has_workload()) return;
  for (const auto& event : context.workload().server_events)
    if (event.kind == Kind::open_transaction && event.about == "idle" &&
        event.longest_us >= context.option(idle_seconds) * 1e6 && !by_people(event))
      report_idle(context, reporter, event);
  for (const auto& event : context.workload().server_events) {
    if (event.kind != Kind::cancelled) continue;
    const bool idle = contains(event.about, "idle-in-transaction") || event.about == "25P03";
    const bool open = event.about.starts_with("transaction timeout") || event.about == "25P04";
    if (idle || open) report_ended(reporter, event, idle);
  }
  std::set<std::string> seen;
  for (const auto& repeat : context.workload().repeats)
    if (repeat.scope == RepeatedQuery::Scope::transaction && !repeat.pattern.empty() &&
        repeat.longest_span_ms >= context.option(min_seconds) * 1000 &&
        seen.insert(repeat.pattern.front()).second)
      report_loop(context, reporter, repeat);
}

}  // namespace

constinit const Rule rule{
    .id = "long-transaction",
    .severity = Severity::warning,
    .needs = any(Input::server_log, Input::settings),
    .summary = "a transaction that stays open for a long time",
    .why =
        "An open transaction keeps its row and table locks. Its snapshot prevents vacuum from removing any "
        "row version that died since the transaction began, in every table of the database. A transaction "
        "that is idle, because the application waits for another service or never commits, causes this for "
        "no benefit.\n\n"
        "In a log, pgadvise reports transactions that the server ended (idle_in_transaction_session_timeout, "
        "transaction_timeout), and loops whose statements span more than a minute in one transaction. In a "
        "log of all statements, it also reports transactions in which the client's pauses take most of the "
        "time from BEGIN to COMMIT. Transactions shorter than ten seconds are not kept from a log.\n\n"
        "With a database or a snapshot, pgadvise also reports current sessions with their age and state. An "
        "active session is a note, and pg_dump is left out. A role without pg_monitor sees only its own "
        "sessions. Sessions of psql and other interactive tools are left out.",
    .fix =
        "Commit before calls to other services. Split long loops into batches with a commit each. Make sure "
        "that every code path ends the transaction.",
    .when_to_ignore = "The transaction is an import or a migration that must be atomic, at a quiet time.",
    .options = {&min_seconds, &idle_seconds, &open_seconds},
    .check = check};

}  // namespace pgadvise::rules::long_transaction
