#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Kind = ServerEvent::Kind;

constexpr Option min_per_minute{.name = "per_minute",
                                .fallback = 30,
                                .meaning = "sessions of one user a minute, from the first to the last"};
constexpr Option min_sessions{
    .name = "least", .fallback = 100, .meaning = "sessions below which nothing is said"};
constexpr Option short_ms{.name = "short_ms",
                          .fallback = 2000,
                          .meaning = "milliseconds that half of the sessions must be shorter than"};
constexpr const Option* options[] = {&min_per_minute, &min_sessions, &short_ms};

// Monitoring, backups and replication come and go by nature.
bool of_operations(std::string_view who) {
  static constexpr std::array<std::string_view, 22> users = {"rdsadmin",
                                                             "cloudsqladmin",
                                                             "cloudsqlagent",
                                                             "azuresu",
                                                             "azure_superuser",
                                                             "datadog",
                                                             "newrelic",
                                                             "zabbix",
                                                             "telegraf",
                                                             "nagios",
                                                             "icinga",
                                                             "pganalyze",
                                                             "pgwatch",
                                                             "pgwatch2",
                                                             "pmm",
                                                             "pgbackrest",
                                                             "barman",
                                                             "repmgr",
                                                             "pgbouncer",
                                                             "streaming_replica",
                                                             "cnpg_pooler_pgbouncer",
                                                             "monitoring"};
  const std::string user = lower(who.substr(0, who.find('@')));
  return one_of(user, users) || user.find("exporter") != std::string::npos ||
         user.find("monitor") != std::string::npos || user.find("replicat") != std::string::npos ||
         user.find("backup") != std::string::npos || user.find("healthcheck") != std::string::npos;
}

// What looks after the server comes as its owner to the maintenance database (operators' probes do 40 times a
// minute); so do applications that never made a user.
bool of_owner(std::string_view who) { return who == "postgres@postgres" || who == "postgres@template1"; }

const ServerEvent* of(const Context& context, Kind kind, const std::string& about) {
  for (const auto& event : context.workload().server_events)
    if (event.kind == kind && event.about == about) return &event;
  return nullptr;
}

void report(Reporter& reporter, const ServerEvent& event, double rate, std::optional<double> median) {
  std::string message = event.about + " opened " + grouped(static_cast<double>(event.count)) + " sessions, " +
                        grouped(rate) + " a minute";
  message +=
      median ? ", half of which lasted " + duration_text(*median) + " at most: connections are not pooled."
             : ": connections are hardly pooled.";
  Finding& finding = reporter.add({.kind = "server", .entry = "sessions of " + event.about},
                                  std::move(message), median ? std::nullopt : std::optional(Severity::note));
  finding.location = event.place;
  if (event.times.count() > 0 && event.first && event.last && *event.last > *event.first) {
    // From the first end to the last: the first session began its own length earlier.
    const auto count = static_cast<double>(event.count);
    const double busy = std::min(
        count, event.total_us / (static_cast<double>(*event.last - *event.first) + event.total_us / count));
    char text[64];
    std::snprintf(text, sizeof text, busy < 0.1 ? "less than %.1f" : "%.1f", std::max(busy, 0.1));
    finding.evidence.push_back(
        {Evidence::Kind::statement,
         std::string("on average ") + text + " of them were open at a time: a pool of " +
             grouped(std::max(2.0, std::min(count, std::ceil(2 * busy)))) + " would have carried them",
         event.place,
         {}});
  } else {
    finding.evidence.push_back(
        {Evidence::Kind::statement,
         median ? "the first of them ended here" : "how long they lasted is not logged (log_disconnections)",
         event.place,
         {}});
  }
  finding.fix = Fix{
      .title =
          "Open connections once for each process, in a pool, or put PgBouncer in transaction mode in front",
      .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& event : context.workload().server_events) {
    const bool ended = event.kind == Kind::disconnection;
    if (!ended && (event.kind != Kind::connection || of(context, Kind::disconnection, event.about))) continue;
    const auto span = minutes(event);
    if (!span || event.about.empty() || of_operations(event.about)) continue;
    const double rate = static_cast<double>(event.count) / *span;
    if (static_cast<double>(event.count) < context.option(min_sessions) ||
        rate < context.option(min_per_minute) * (of_owner(event.about) ? 10 : 1))
      continue;
    const auto median = ended ? event.times.percentile_ms(0.5) : std::nullopt;
    if (ended && (!median || *median > context.option(short_ms))) continue;
    report(reporter, event, rate, median);
  }
}

}  // namespace

constinit const Rule connection_churn{
    .id = "connection-churn",
    .severity = Severity::warning,
    .needs = Input::sessions,
    .summary = "short sessions, opened again and again",
    .why =
        "A new session costs the server a process, authentication (SCRAM takes milliseconds by design), and "
        "empty caches of catalog and plans; TLS adds two round trips. A request that opens one for a "
        "query or two pays more for it than for the query, and a burst of such requests runs into "
        "max_connections.\n\n"
        "Judged by user and database, from the log's connections and disconnections: how many sessions a "
        "minute, and how long half of them lasted at most. Users of monitoring, backups and replication are "
        "left out, postgres in the database postgres must come ten times as often, and a probe every few "
        "seconds stays far below the limits.",
    .fix =
        "Keep a pool in the application, made once for the process and not for the request. Where processes "
        "are short or many (serverless functions, PHP), put PgBouncer or the host's pooler in transaction "
        "mode in front.",
    .when_to_ignore = "The sessions are of a job that runs seldom, or of tests.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
