#include "base/text.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

void report(const Context& context, Reporter& reporter, const ServerEvent& event) {
  const bool whole_server = event.about == "max_connections";
  std::string limit = "max_connections";
  if (context.has_catalog())
    if (const auto found = context.catalog().settings.find(limit); found != context.catalog().settings.end()) limit += " (" + found->second + ")";
  Finding& finding = reporter.add({.kind = "server", .entry = event.about},
                                  "The server refused a connection " + times(event.count) + (whole_server ? ": all that " + limit + " allows were taken." : ": " + event.about + "."),
                                  whole_server ? std::nullopt : std::optional(Severity::warning));
  finding.location = event.place;
  std::string text = "the first was refused here";
  if (const auto span = minutes(event); span && event.count > 1) text += ", the last " + duration_text(static_cast<double>(*event.last - *event.first) / 1000) + " later";
  finding.evidence.push_back({Evidence::Kind::statement, std::move(text), event.place, {}});
  finding.fix = Fix{.title = whole_server ? "Bound the pools so that their sum over all instances stays below max_connections, or put a pooler in front; raising max_connections costs memory for each"
                                          : "Bound the pools of this role or database below its CONNECTION LIMIT, or raise that",
                    .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& event : context.workload().server_events)
    if (event.kind == ServerEvent::Kind::refused_connection) report(context, reporter, event);
}

}  // namespace

constinit const Rule connection_exhaustion{
    .id = "connection-exhaustion",
    .severity = Severity::error,
    .needs = Needs::server_log,
    .summary = "connections that the server refused because it had too many",
    .why = "`sorry, too many clients already` and `remaining connection slots are reserved` mean that requests failed because all connections were taken: by pools whose sum over all instances is larger than "
           "max_connections, by sessions that are opened for each request, or by sessions that are stuck in long transactions. At such a time nobody can log in to look, either.",
    .fix = "Pool sizes times instances below max_connections; PgBouncer or the host's pooler in front; idle_in_transaction_session_timeout against stuck ones.",
    .when_to_ignore = "It was a load test.",
    .check = check};

}  // namespace pgadvise::rules
