#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::connection_exhaustion {
namespace {

constexpr Option min_percent{"percent", 80,
                             "percent of the available connections in use from which the server is reported"};

void report(const Context& context, Reporter& reporter, const ServerEvent& event) {
  const bool whole_server = event.about == "max_connections";
  std::string limit = "max_connections";
  if (const std::string* value = context.setting(limit)) limit += " (" + *value + ")";
  Finding& finding =
      reporter.add({.kind = "server", .entry = event.about}, event.place,
                   "The server refused a connection " + times(event.count) +
                       (whole_server ? ": all connections that " + limit + " allows were in use."
                                     : ": " + event.about + "."),
                   whole_server ? std::nullopt : std::optional(Severity::warning));
  std::string text = "the first connection was refused here";
  if (const auto span = minutes(event); span && event.count > 1)
    text +=
        ", the last one " + duration_text(static_cast<double>(*event.last - *event.first) / 1000) + " later";
  finding.evidence.push_back(log_fact(std::move(text), event.place));
  if (const auto applications = by_application({&event}); !applications.empty())
    finding.evidence.push_back(log_fact("refused: " + applications));
  finding.fix = manual_fix(
      whole_server ? "Limit the pools so that their sum over all instances stays below max_connections, or "
                     "use a pooler; a higher max_connections costs memory for every connection"
                   : "Limit the pools of this role or database to its CONNECTION LIMIT, or raise the "
                     "CONNECTION LIMIT");
}

// Connections that are not reserved for particular roles.
double available_connections(const Context& context) {
  const auto value = [&](const char* name) {
    const std::string* known = context.setting(name);
    return known ? std::strtod(known->c_str(), nullptr) : 0;
  };
  return value("max_connections") - value("superuser_reserved_connections") - value("reserved_connections");
}

// "40 idle, 12 active, 3 hidden from this role"
std::string by_state(const std::vector<Session>& sessions) {
  std::map<std::string, int> counts;
  for (const auto& session : sessions) ++counts[session.state];
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> out;
  for (const auto& [state, count] : sorted)
    out.push_back(grouped(count) + " " +
                  (state.empty() ? "hidden from this role (pg_monitor shows them)" : state));
  return join(out, ", ");
}

void report_use(const Context& context, Reporter& reporter) {
  const Catalog& catalog = context.catalog();
  const double most = available_connections(context);
  const double taken = static_cast<double>(catalog.sessions.size());
  if (most <= 0 || taken < most * context.option(min_percent) / 100) return;
  Finding& finding =
      reporter.add({.kind = "server", .entry = "connections"},
                   (taken >= most ? "All " + grouped(most) : grouped(taken) + " of the " + grouped(most)) +
                       " unreserved connections were in use when pgadvise checked the server" +
                       (taken >= most ? ": the server refuses the next connection."
                                      : ": the server refuses connections beyond this number."),
                   taken >= most ? Severity::error : Severity::warning);
  finding.evidence.push_back(catalog_fact(by_state(catalog.sessions)));
  const std::string& limit = *context.setting("max_connections");
  const double reserved = std::strtod(limit.c_str(), nullptr) - most;
  finding.evidence.push_back(
      catalog_fact("max_connections is " + limit +
                   (reserved > 0 ? ", of which " + grouped(reserved) + " are reserved" : "")));
  finding.fix = manual_fix(
      "Limit the pools so that their sum over all instances stays below max_connections, or use a pooler; a "
      "higher max_connections costs memory for every connection");
}

void check(const Context& context, Reporter& reporter) {
  if (context.has_catalog()) report_use(context, reporter);
  if (!context.has_workload()) return;
  for (const auto& event : context.workload().server_events)
    if (event.kind == ServerEvent::Kind::refused_connection) report(context, reporter, event);
}

}  // namespace

constinit const Rule rule{
    .id = "connection-exhaustion",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = any(Input::server_log, Input::settings),
    .summary = "connections that the server refused or will soon refuse",
    .why =
        "`sorry, too many clients already` and `remaining connection slots are reserved` mean that requests "
        "failed because all connections were in use. Common causes are pools whose sum over all instances "
        "exceeds max_connections, a new session for each request, and sessions stuck in long transactions. "
        "While all connections are in use, administrators without a reserved connection cannot log in "
        "either.\n\n"
        "A log shows connections that were refused. With a database or a snapshot, pgadvise compares the "
        "current number of sessions with max_connections minus the reserved connections. One sample says "
        "little about the peak of the day. A role without pg_monitor sees how many sessions there are, but "
        "not what they do.",
    .fix =
        "Keep pool size times instances below max_connections. Use PgBouncer or the provider's pooler. Set "
        "idle_in_transaction_session_timeout to end stuck sessions.",
    .when_to_ignore = "The log is from a load test.",
    .options = {&min_percent},
    .check = check};

}  // namespace pgadvise::rules::connection_exhaustion
