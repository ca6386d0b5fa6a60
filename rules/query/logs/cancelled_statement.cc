#include <utility>

#include "lint/queries/loops.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::cancelled_statement {
namespace {

constexpr Option least{"least", 3, "cancellations of one statement below which it is not reported"};

// The setting whose limit was reached; "" if the user or a standby cancelled the statement.
std::string setting_of(const std::string& reason) {
  constexpr std::pair<std::string_view, const char*> settings[] = {
      {"statement timeout", "statement_timeout"},
      {"lock timeout", "lock_timeout"},
      {"transaction timeout", "transaction_timeout"},
      {"idle-in-transaction timeout", "idle_in_transaction_session_timeout"}};
  for (const auto& [words, setting] : settings)
    if (reason == words) return setting;
  return {};
}

std::string message_of(const std::string& setting, const ServerEvent& event) {
  if (setting == "idle_in_transaction_session_timeout")
    return "The server ended a session " + times(event.count) + " at " + setting +
           ": its transaction was open and idle, and is rolled back.";
  const std::string what =
      event.fingerprint.empty() ? "statements that the log does not show" : std::string("this statement");
  return "The server cancelled " + what + " " + times(event.count) + " at " + setting +
         ": each time, the user got an error" +
         (setting == "lock_timeout" ? ", because another transaction held the lock." : ".");
}

const char* fix_of(const std::string& setting) {
  if (setting == "lock_timeout")
    return "Retry the statement, and shorten the transaction that holds the lock";
  if (setting == "idle_in_transaction_session_timeout")
    return "Commit or roll back before slow work outside the database, and in every error path";
  return "Look at the statement's plan (pgadvise explain); a report that may take long needs a role or a "
         "transaction with its own limit: SET LOCAL statement_timeout";
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& event : context.workload().server_events) {
    if (event.kind != ServerEvent::Kind::cancelled) continue;
    const std::string setting = setting_of(event.about);
    if (setting.empty() || event.count < context.option(least)) continue;
    Finding& finding =
        reporter.add(event_subject(context, event, setting), event.place, message_of(setting, event));
    finding.evidence.push_back(evidence_of(event, "cancelled"));
    if (const auto applications = by_application({&event}); !applications.empty())
      finding.evidence.push_back(log_fact("of: " + applications));
    finding.fix = manual_fix(fix_of(setting));
  }
}

}  // namespace

constinit const Rule rule{
    .id = "cancelled-statement",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::server_log,
    .summary = "a statement that the server cancels because a time limit was reached",
    .why =
        "A statement that reaches `statement_timeout`, `lock_timeout` or `transaction_timeout` is rolled "
        "back, and so is its transaction: whoever waited for it gets an error after the whole wait. Logs of "
        "durations do not show these statements, because they never end: the slowest statement of an "
        "application may be one that only its errors show.\n\n"
        "The server logs each one. The report counts them by application_name, where log_line_prefix has %a "
        "or the log is csvlog or jsonlog. Statements that a user cancelled are not counted.",
    .fix =
        "Find out why the statement takes so long, and fix that before the limit is raised. Give reports "
        "that may take long a role or a transaction of their own limit.",
    .when_to_ignore = "The limit is meant to stop these statements, and the application expects the error.",
    .options = {&least},
    .check = check};

}  // namespace pgadvise::rules::cancelled_statement
