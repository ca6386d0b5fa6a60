#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_percent{
    .name = "percent",
    .fallback = 80,
    .meaning = "percent of the connections that the server takes from which those in use are reported"};
constexpr const Option* options[] = {&min_percent};

void report(const Context& context, Reporter& reporter, const ServerEvent& event) {
  const bool whole_server = event.about == "max_connections";
  std::string limit = "max_connections";
  if (context.has_catalog())
    if (const auto found = context.catalog().settings.find(limit); found != context.catalog().settings.end())
      limit += " (" + found->second + ")";
  Finding& finding = reporter.add(
      {.kind = "server", .entry = event.about},
      "The server refused a connection " + times(event.count) +
          (whole_server ? ": all that " + limit + " allows were taken." : ": " + event.about + "."),
      whole_server ? std::nullopt : std::optional(Severity::warning));
  finding.location = event.place;
  std::string text = "the first was refused here";
  if (const auto span = minutes(event); span && event.count > 1)
    text += ", the last " + duration_text(static_cast<double>(*event.last - *event.first) / 1000) + " later";
  finding.evidence.push_back({Evidence::Kind::statement, std::move(text), event.place, {}});
  finding.fix =
      Fix{.title = whole_server
                       ? "Bound the pools so that their sum over all instances stays below max_connections, "
                         "or put a pooler in front; raising max_connections costs memory for each"
                       : "Bound the pools of this role or database below its CONNECTION LIMIT, or raise that",
          .safety = Fix::Safety::manual};
}

// Those that any role may take.
double slots(const std::map<std::string, std::string>& settings) {
  const auto value = [&](const char* name) {
    const auto found = settings.find(name);
    return found == settings.end() ? 0 : std::strtod(found->second.c_str(), nullptr);
  };
  return value("max_connections") - value("superuser_reserved_connections") - value("reserved_connections");
}

// "40 idle, 12 active, 3 hidden from this role"
std::string by_state(const std::vector<Session>& sessions) {
  std::map<std::string, int> counts;
  for (const auto& session : sessions) ++counts[session.state];
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> out;
  for (const auto& [state, count] : sorted)
    out.push_back(grouped(count) + " " +
                  (state.empty() ? "hidden from this role (pg_monitor shows them)" : state));
  return join(out, ", ");
}

void report_use(const Context& context, Reporter& reporter) {
  const Catalog& catalog = context.catalog();
  const double most = slots(catalog.settings);
  const double taken = static_cast<double>(catalog.sessions.size());
  if (most <= 0 || taken < most * context.option(min_percent) / 100) return;
  Finding& finding = reporter.add(
      {.kind = "server", .entry = "connections"},
      (taken >= most ? "All " + grouped(most) : grouped(taken) + " of the " + grouped(most)) +
          " connections that are for everybody were taken when the server was looked at" +
          (taken >= most ? ": the next one is refused." : "; what comes after those is refused."),
      taken >= most ? Severity::error : Severity::warning);
  finding.evidence.push_back(catalog_fact(by_state(catalog.sessions)));
  const auto reserved = std::strtod(catalog.settings.at("max_connections").c_str(), nullptr) - most;
  finding.evidence.push_back(
      catalog_fact("max_connections is " + catalog.settings.at("max_connections") +
                   (reserved > 0 ? ", of which " + grouped(reserved) + " are reserved" : "")));
  finding.fix = Fix{.title =
                        "Bound the pools so that their sum over all instances stays below max_connections, "
                        "or put a pooler in front; raising max_connections costs memory for each",
                    .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  if (context.has_catalog()) report_use(context, reporter);
  if (!context.has_workload()) return;
  for (const auto& event : context.workload().server_events)
    if (event.kind == ServerEvent::Kind::refused_connection) report(context, reporter, event);
}

}  // namespace

constinit const Rule connection_exhaustion{
    .id = "connection-exhaustion",
    .severity = Severity::error,
    .needs = any(Input::server_log, Input::settings),
    .summary = "connections that the server refused because it had too many, or will soon refuse",
    .why =
        "`sorry, too many clients already` and `remaining connection slots are reserved` mean that requests "
        "failed because all connections were taken: by pools whose sum over all instances is larger than "
        "max_connections, by sessions that are opened for each request, or by sessions that are stuck in "
        "long transactions. At such a time nobody can log in to look, either.\n\n"
        "A log tells of connections that were refused. With a database, or a snapshot of one, the "
        "connections of that moment are counted against max_connections less what is reserved; one look "
        "says little of the day's peak, and a role without pg_monitor sees how many there are and not what "
        "they do.",
    .fix =
        "Pool sizes times instances below max_connections; PgBouncer or the host's pooler in front; "
        "idle_in_transaction_session_timeout against stuck ones.",
    .when_to_ignore = "It was a load test.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
