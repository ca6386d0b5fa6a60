#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "lint/run/rule.h"
#include "lint/schema/key_coverage.h"
#include "lint/schema/tables.h"
#include "report/all_formats.h"
#include "report/json/digest_json.h"
#include "report/json/finding_json.h"
#include "report/json/members.h"
#include "report/json/plan_json.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

json seconds_json(const SecondsRange& range) {
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  return {{"from", rounded(range.from)}, {"to", rounded(range.to)}};
}

std::string table_name(const QualifiedName& name) { return name.schema + "." + name.name; }

std::string_view work_name(TableLock::Work work) {
  constexpr std::string_view names[] = {"none", "rows", "scan", "build", "rewrite"};
  return names[static_cast<std::size_t>(work)];
}

json statement_json(const ForecastStatement& statement) {
  json out{{"migration", statement.migration},
           {"location", place_json(statement.place)},
           {"text", statement.text},
           {"transaction", statement.transaction},
           {"work", work_name(statement.work)}};
  if (statement.work != TableLock::Work::none) out["table"] = table_name(statement.work_table);
  if (statement.seconds) out["seconds"] = seconds_json(*statement.seconds);
  if (statement.fails) out["fails"] = true;
  if (statement.lock_timeout_ms) out["lock_timeout_ms"] = *statement.lock_timeout_ms;
  return out;
}

json lock_json(const ForecastLock& lock) {
  json out{{"table", table_name(lock.table)},
           {"mode", label(lock.mode)},
           {"blocks_reads", blocks_reads(lock.mode)},
           {"blocks_writes", blocks_writes(lock.mode)},
           {"concurrently", lock.concurrently},
           {"from", lock.from},
           {"until", lock.until},
           {"harmful", lock.harmful}};
  if (lock.rows) out["rows"] = *lock.rows;
  if (lock.bytes) out["bytes"] = *lock.bytes;
  if (lock.held) out["held_seconds"] = seconds_json(*lock.held);
  if (lock.queued_per_second) out["queued_per_second"] = std::round(*lock.queued_per_second * 1000) / 1000;
  if (lock.longest_ms > 0) out["waits_for_ms"] = lock.longest_ms;
  if (lock.longest_at.line > 0 && !lock.longest_at.live()) out["waits_for"] = place_json(lock.longest_at);
  put(out, "why_busy", lock.why_busy);
  return out;
}

json forecast_json(const LockForecast& forecast) {
  json out{{"migration", forecast.migration}, {"file", forecast.file}};
  put(out, "transactions", forecast.how);
  out["statements"] = array_of(forecast.statements, statement_json);
  out["locks"] = array_of(forecast.locks, lock_json);
  return out;
}

// With the source lines around its location, where they may be shown.
json with_source(json out, const Finding& finding, const Options& options) {
  constexpr int around = 3;
  const auto source = options.source ? options.source(finding, around) : std::nullopt;
  if (source && !source->lines.empty())
    out["source"] = {{"first_line", source->first}, {"lines", source->lines}};
  return out;
}

double rounded_share(double share) { return std::round(1e4 * share) / 1e4; }

json index_set_json(const Report::IndexSet& set) {
  return {{"count", set.count},
          {"size_bytes", set.bytes},
          {"share_saved", rounded_share(set.share_saved)},
          {"steps", array_of(set.steps, [](const auto& step) {
             return json{{"index", step.index},
                         {"size_bytes", step.bytes},
                         {"share_saved", rounded_share(step.share_saved)}};
           })}};
}

json summary_json(const Report& report) {
  json out;
  json severities = {{"error", 0}, {"warning", 0}, {"note", 0}};
  json verdicts = {{"confirmed", 0}, {"suspected", 0}, {"refuted", 0}};
  std::map<std::string, int> rules;
  for (const auto& finding : report.findings) {
    auto& verdict = verdicts[std::string(name(finding.verdict))];
    verdict = verdict.get<int>() + 1;
    ++rules[finding.rule];
    if (finding.verdict == Verdict::refuted) continue;
    auto& severity = severities[std::string(name(finding.severity))];
    severity = severity.get<int>() + 1;
  }
  out["findings"] = report.findings.size();
  out["suppressed"] = report.suppressed.size();
  out["severities"] = severities;  // without the refuted
  out["verdicts"] = verdicts;
  out["rules"] = rules;
  out["rules_run"] = report.rules_run;
  put(out, "nothing_checked", report.nothing_checked);
  if (report.nothing_to_check) out["nothing_to_check"] = true;
  put(out, "not_read", report.not_read);
  if (report.index_set.count > 0) out["index_set"] = index_set_json(report.index_set);
  if (report.not_costed) out["not_costed"] = report.not_costed;
  out["first"] = array_of(first_things(report), [](const FirstThing& thing) {
    return json{{"id", thing.finding->id}, {"more_of_rule", thing.more}, {"text", in_words(thing)}};
  });
  return out;
}

json further_json(const Report& report) {
  return array_of(report.further_indexes, [&](const auto& index) {
    return json{{"sql", index.sql},
                {"down_sql", index.down_sql},
                {"schema", index.table.schema},
                {"table", index.table.name},
                {"size_bytes", index.size_bytes},
                {"share_saved", rounded_share(index.cost_saved / report.workload_cost)},
                {"queries", index.queries}};
  });
}

json change_json(const std::string& fingerprint, const PlanChange& change) {
  json out{{"fingerprint", fingerprint}, {"outcome", name(change.outcome)}, {"share", change.share}};
  if (change.outcome != PlanChange::Outcome::new_statement) out["cost_before"] = change.cost_before;
  if (change.outcome != PlanChange::Outcome::fails_after) out["cost_after"] = change.cost_after;
  put(out, "error", change.error);
  put(out, "values", change.origin);
  for (const auto& one : change.differences) {
    json entry{{"kind", name(one.kind)}};
    if (!one.table.name.empty()) entry["table"] = display(one.table);
    put(entry, "before", one.before);
    put(entry, "after", one.after);
    out["differences"].push_back(std::move(entry));
  }
  if (change.cause) {
    json cause{{"kind", name(change.cause->kind)}, {"table", display(change.cause->table)}};
    put(cause, "object", change.cause->object);
    put(cause, "before", change.cause->before);
    put(cause, "after", change.cause->after);
    out["cause"] = std::move(cause);
  }
  return out;
}

json comparison_json(const PlanComparison& comparison) {
  json out{{"against", comparison.against},
           {"compared", comparison.compared},
           {"not_planned", comparison.failed},
           {"changes", json::array()}};
  put(out, "incomplete", comparison.incomplete);
  for (const auto& [fingerprint, change] : comparison.changes)
    out["changes"].push_back(change_json(fingerprint, change));
  return out;
}

constexpr std::size_t max_queries = 2000;
constexpr std::size_t max_tables = 2000;

void truncate(json& out, const char* what, std::size_t shown, std::size_t of) {
  if (shown < of) out["truncated"].push_back({{"what", what}, {"shown", shown}, {"of", of}});
}

json rules_json(const Report& report) {
  std::set<std::string> ids;
  for (const auto& finding : report.findings) ids.insert(finding.rule);
  json out = json::array();
  for (const auto& id : ids)
    if (const auto* found = lint::find_rule(id))
      out.push_back({{"id", id},
                     {"category", found->category},
                     {"summary", found->rule->summary},
                     {"why", found->rule->why},
                     {"when_to_ignore", found->rule->when_to_ignore}});
  return out;
}

json index_json(const Index& index) {
  const json keys =
      array_of(index.keys, [](const auto& key) { return key.column.empty() ? key.expression : key.column; });
  json out{{"name", index.name}, {"method", index.method}, {"columns", keys}, {"unique", index.unique}};
  if (!index.include.empty()) out["include"] = index.include;
  if (index.predicate) out["predicate"] = *index.predicate;
  if (index.statistics) {
    out["bytes"] = index.statistics->pages * page_bytes;
    out["scans"] = index.statistics->scans;
  }
  return out;
}

bool indexed(const Table& table, const std::vector<std::string>& columns) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return lint::covers(index, table, columns) == lint::Coverage::full;
  });
}

json foreign_key_json(const Table& table, const Constraint& key) {
  return {{"name", key.name},
          {"columns", key.columns},
          {"schema", key.referenced_table.schema},
          {"table", key.referenced_table.name},
          {"referenced_columns", key.referenced_columns},
          {"indexed", indexed(table, key.columns)}};
}

json table_json(const Table& table) {
  json out{{"schema", table.name.schema}, {"name", table.name.name}};
  if (table.statistics) {
    const TableStatistics& statistics = *table.statistics;
    if (statistics.rows >= 0) out["rows"] = statistics.rows;
    out["bytes"] = statistics.bytes;
    out["sequential_scans"] = statistics.sequential_scans;
    out["index_scans"] = statistics.index_scans;
    out["writes"] = statistics.writes;
  }
  out["columns"] = array_of(table.columns, [](const Column& column) {
    return json{{"name", column.name}, {"type", column.type}, {"not_null", column.not_null}};
  });
  out["indexes"] = array_of(table.indexes, index_json);
  out["foreign_keys"] = json::array();
  for (const auto& constraint : table.constraints) {
    if (constraint.kind == Constraint::Kind::primary_key) out["primary_key"] = constraint.columns;
    if (constraint.kind == Constraint::Kind::foreign_key)
      out["foreign_keys"].push_back(foreign_key_json(table, constraint));
  }
  return out;
}

// A table that several inputs define is the one of the last of them, a server's if there is one. Views,
// partitions and temporary tables are left out.
json tables_json(const std::vector<const Catalog*>& catalogs) {
  std::map<QualifiedName, const Table*> tables;
  for (const auto* catalog : catalogs)
    for (const auto& [name, table] : catalog->tables) {
      const Table*& known = tables[name];
      if (!lint::stores_rows(table) || table.partition_of || table.temporary) continue;
      if (!known || !known->statistics || table.statistics) known = &table;
    }
  json out = json::array();
  for (const auto& [name, table] : tables)
    if (table) out.push_back(table_json(*table));
  return out;
}

// What findings are about: adds "rules", "workload", "plans" and "tables", each if there is something, and
// "truncated" if one of them is shown in part. Linear in the sizes of the report, the workload and the
// catalogs.
void put_context(json& out, const Report& report, const Options& options) {
  if (!report.findings.empty()) out["rules"] = rules_json(report);
  if (options.workload && !options.workload->queries.empty()) {
    out["workload"] = workload_json(*options.workload, options.show_literals, max_queries);
    truncate(out, "queries", std::min(max_queries, options.workload->queries.size()),
             options.workload->queries.size());
  }
  if (!report.plans.empty()) out["plans"] = plans_json(report.plans);
  json tables = tables_json(options.catalogs);
  if (tables.empty()) return;
  const std::size_t all = tables.size();
  if (all > max_tables) tables.erase(tables.begin() + max_tables, tables.end());
  truncate(out, "tables", tables.size(), all);
  out["tables"] = std::move(tables);
}

std::string render(const Report& report, const Options& options) {
  json out;
  out["schema"] = "pgadvise-report-1";
  out["findings"] = array_of(report.findings, [&](const Finding& finding) {
    return with_source(finding_json(finding, options.show_literals), finding, options);
  });
  if (report.workload_cost > 0) out["further_indexes"] = further_json(report);
  out["suppressed"] = array_of(report.suppressed, [&](const SuppressedFinding& suppressed) {
    const auto& by = suppressed.by;
    json entry = finding_json(suppressed.finding, options.show_literals);
    entry["suppression"] = {{"reason", by.reason}, {"location", place_json(by.place)}};
    put(entry["suppression"], "owner", by.owner);
    put(entry["suppression"], "until", by.until);
    return entry;
  });
  if (const auto& baseline = report.baseline)
    out["baseline"] = {
        {"path", baseline->path},
        {"known", baseline->known.size()},
        {"known_ids", array_of(baseline->known, [](const Finding& finding) { return finding.id; })},
        {"gone", array_of(baseline->gone, [](const auto& entry) {
           return json{{"id", entry.id}, {"rule", entry.rule}, {"message", entry.what}};
         })}};
  for (const auto& forecast : report.lock_forecasts) out["lock_forecasts"].push_back(forecast_json(forecast));
  if (report.comparison) out["plan_comparison"] = comparison_json(*report.comparison);
  out["skipped_rules"] = array_of(report.skipped, [](const SkippedRule& skipped) {
    return json{{"rule", skipped.rule}, {"reason", skipped.reason}};
  });
  out["scope"] = {{"rules", report.scope.rules},
                  {"migration_rules", report.scope.migration_rules},
                  {"migrations", report.scope.migrations}};
  out["inputs"] = array_of(report.inputs, [](const ReportInput& input) {
    json entry{{"kind", input.kind}, {"path", input.path}};
    put(entry, "detail", input.detail);
    return entry;
  });
  out["diagnostics"] = array_of(report.diagnostics, [](const Error& error) { return error.line(); });
  out["summary"] = summary_json(report);
  put_context(out, report, options);
  json run;
  run["version"] = PGADVISE_VERSION;
  run["started"] = report.started;
  run["seconds"] = report.seconds;
  put(run, "server_version", report.server_version);
  put(run, "what_if", report.what_if);
  if (report.planned)
    run["plans"] = {
        {"planned", report.planned}, {"run", report.analyzed}, {"seconds", report.analyze_seconds}};
  out["run"] = run;
  return text_of(out);
}

}  // namespace

const Format json_format{"json", "the whole report, for dashboards (docs/report.schema.json)", render};

}  // namespace pgadvise::report::formats
