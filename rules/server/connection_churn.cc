#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::connection_churn {
namespace {

using Kind = ServerEvent::Kind;

constexpr Option min_per_minute{"per_minute", 30,
                                "sessions of one user per minute, between the first and the last one"};
constexpr Option min_sessions{"least", 100, "sessions below which nothing is reported"};
constexpr Option short_ms{"short_ms", 2000, "milliseconds within which half of the sessions must end"};

// Users of monitoring, backups and replication: their short sessions are normal.
bool of_operations(std::string_view who) {
  static constexpr auto users = word_list(
      "rdsadmin", "cloudsqladmin", "cloudsqlagent", "azuresu", "azure_superuser", "datadog", "newrelic",
      "zabbix", "telegraf", "nagios", "icinga", "pganalyze", "pgwatch", "pgwatch2", "pmm", "pgbackrest",
      "barman", "repmgr", "pgbouncer", "streaming_replica", "cnpg_pooler_pgbouncer", "monitoring");
  const std::string user = lower(who.substr(0, who.find('@')));
  return is_one_of(user, users) || contains(user, "exporter") || contains(user, "monitor") ||
         contains(user, "replicat") || contains(user, "backup") || contains(user, "healthcheck");
}

// Kubernetes operators probe the server as postgres, about 40 times a minute. An application without a user
// of its own connects the same way.
bool of_owner(std::string_view who) { return who == "postgres@postgres" || who == "postgres@template1"; }

const ServerEvent* of(const Context& context, Kind kind, const std::string& about) {
  for (const auto& event : context.workload().server_events)
    if (event.kind == kind && event.about == about) return &event;
  return nullptr;
}

void report(Reporter& reporter, const ServerEvent& event, double rate, std::optional<double> median) {
  std::string message =
      event.about + " opened " + grouped(event.count) + " sessions, " + grouped(rate) + " a minute";
  message +=
      median ? ", half of which lasted at most " + duration_text(*median) + ": connections are not pooled."
             : ": connections are probably not pooled.";
  Finding& finding = reporter.add({.kind = "server", .entry = "sessions of " + event.about}, event.place,
                                  std::move(message), median ? std::nullopt : std::optional(Severity::note));
  if (event.times.count() > 0 && event.first && event.last && *event.last > *event.first) {
    // `first` and `last` are ends of sessions: the first session began its own duration earlier.
    const auto count = static_cast<double>(event.count);
    const double busy = std::min(
        count, event.total_us / (static_cast<double>(*event.last - *event.first) + event.total_us / count));
    char text[64];
    std::snprintf(text, sizeof text, busy < 0.1 ? "less than %.1f" : "%.1f", std::max(busy, 0.1));
    finding.evidence.push_back(
        log_fact(std::string("on average ") + text + " of the sessions were open at a time: a pool of " +
                     grouped(std::max(2.0, std::min(count, std::ceil(2 * busy)))) + " would have been enough",
                 event.place));
  } else {
    finding.evidence.push_back(log_fact(
        median ? "the first session ended here" : "the log has no durations of sessions (log_disconnections)",
        event.place));
  }
  finding.fix = manual_fix("Open one connection pool per process, or use PgBouncer in transaction mode");
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& event : context.workload().server_events) {
    const bool ended = event.kind == Kind::disconnection;
    if (!ended && (event.kind != Kind::connection || of(context, Kind::disconnection, event.about))) continue;
    const auto span = minutes(event);
    if (!span || event.about.empty() || of_operations(event.about)) continue;
    const double rate = static_cast<double>(event.count) / *span;
    if (event.count < context.option(min_sessions) ||
        rate < context.option(min_per_minute) * (of_owner(event.about) ? 10 : 1))
      continue;
    const auto median = ended ? event.times.percentile_ms(0.5) : std::nullopt;
    if (ended && (!median || *median > context.option(short_ms))) continue;
    report(reporter, event, rate, median);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "connection-churn",
    .severity = Severity::warning,
    .needs = Input::sessions,
    .summary = "many short sessions that could share a connection pool",
    .why =
        "For each new session the server starts a process and authenticates the user (SCRAM takes "
        "milliseconds by design). The catalog and plan caches of the session start empty, and TLS adds two "
        "round trips. For a request with one or two queries, the session costs more than the queries. A "
        "burst of such requests exceeds max_connections.\n\n"
        "pgadvise groups the connections and disconnections in the log by user and database. It counts the "
        "sessions per minute and computes the median duration. Users of monitoring, backups and replication "
        "are left out. The user postgres in the database postgres must connect ten times as often to be "
        "reported. A probe every few seconds stays far below the limits.",
    .fix =
        "Use a connection pool in the application, created once per process and not once per request. Where "
        "processes are short-lived or numerous (serverless functions, PHP), use PgBouncer or the provider's "
        "pooler in transaction mode.",
    .when_to_ignore = "The sessions belong to a job that rarely runs, or to tests.",
    .options = {&min_per_minute, &min_sessions, &short_ms},
    .check = check};

}  // namespace pgadvise::rules::connection_churn
