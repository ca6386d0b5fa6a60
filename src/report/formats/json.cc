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

double thousandths(double value) { return std::round(value * 1000) / 1000; }

json seconds_json(const SecondsRange& range) {
  return object("from", thousandths(range.from), "to", thousandths(range.to));
}

std::string table_name(const QualifiedName& name) { return name.schema + "." + name.name; }

std::string_view work_name(TableLock::Work work) {
  constexpr std::string_view names[] = {"none", "rows", "scan", "build", "rewrite"};
  return names[static_cast<std::size_t>(work)];
}

json statement_json(const ForecastStatement& statement) {
  const bool works = statement.work != TableLock::Work::none;
  return object("migration", statement.migration, "location", place_json(statement.place), "text",
                statement.text, "transaction", statement.transaction, "work", work_name(statement.work),
                "table", when(works, table_name(statement.work_table)), "seconds",
                or_missing(statement.seconds, seconds_json), "fails", when(statement.fails, true),
                "lock_timeout_ms", statement.lock_timeout_ms);
}

json lock_json(const ForecastLock& lock) {
  const bool known_place = lock.longest_at.line > 0 && !lock.longest_at.live();
  return object("table", table_name(lock.table), "mode", label(lock.mode), "blocks_reads",
                blocks_reads(lock.mode), "blocks_writes", blocks_writes(lock.mode), "concurrently",
                lock.concurrently, "from", lock.from, "until", lock.until, "harmful", lock.harmful, "rows",
                lock.rows, "bytes", lock.bytes, "held_seconds", or_missing(lock.held, seconds_json),
                "queued_per_second", or_missing(lock.queued_per_second, thousandths), "waits_for_ms",
                when(lock.longest_ms > 0, lock.longest_ms), "waits_for",
                when(known_place, place_json(lock.longest_at)), "why_busy", given(lock.why_busy));
}

json forecast_json(const LockForecast& forecast) {
  return object("migration", forecast.migration, "file", forecast.file, "transactions", given(forecast.how),
                "statements", array_of(forecast.statements, statement_json), "locks",
                array_of(forecast.locks, lock_json));
}

// With the source lines around its location, where they may be shown.
json with_source(json out, const Finding& finding, const Options& options) {
  constexpr int around = 3;
  const auto source = options.source ? options.source(finding, around) : std::nullopt;
  if (source && !source->lines.empty())
    out["source"] = object("first_line", source->first, "lines", source->lines);
  return out;
}

double rounded_share(double share) { return std::round(1e4 * share) / 1e4; }

json index_set_json(const Report::IndexSet& set) {
  json steps = array_of(set.steps, [](const auto& step) {
    return object("index", step.index, "size_bytes", step.bytes, "share_saved",
                  rounded_share(step.share_saved));
  });
  return object("count", set.count, "size_bytes", set.bytes, "share_saved", rounded_share(set.share_saved),
                "steps", std::move(steps));
}

json summary_json(const Report& report) {
  json severities = object("error", 0, "warning", 0, "note", 0);
  json verdicts = object("confirmed", 0, "suspected", 0, "refuted", 0);
  std::map<std::string, int> rules;
  for (const auto& finding : report.findings) {
    auto& verdict = verdicts[std::string(name(finding.verdict))];
    verdict = verdict.get<int>() + 1;
    ++rules[finding.rule];
    if (finding.verdict == Verdict::refuted) continue;
    auto& severity = severities[std::string(name(finding.severity))];
    severity = severity.get<int>() + 1;
  }
  json first = array_of(first_things(report), [](const FirstThing& thing) {
    return object("id", thing.finding->id, "more_of_rule", thing.more, "text", in_words(thing));
  });
  // The severities are without the refuted findings.
  return object("findings", report.findings.size(), "suppressed", report.suppressed.size(), "severities",
                severities, "verdicts", verdicts, "rules", rules, "rules_run", report.rules_run,
                "nothing_checked", given(report.nothing_checked), "nothing_to_check",
                when(report.nothing_to_check, true), "not_read", given(report.not_read), "index_set",
                when(report.index_set.count > 0, index_set_json(report.index_set)), "not_costed",
                when(report.not_costed != 0, report.not_costed), "first", std::move(first));
}

json further_json(const Report& report) {
  return array_of(report.further_indexes, [&](const auto& index) {
    return object("sql", index.sql, "down_sql", index.down_sql, "schema", index.table.schema, "table",
                  index.table.name, "size_bytes", index.size_bytes, "share_saved",
                  rounded_share(index.cost_saved / report.workload_cost), "queries", index.queries);
  });
}

json change_json(const std::string& fingerprint, const PlanChange& change) {
  using Outcome = PlanChange::Outcome;
  json out = object("fingerprint", fingerprint, "outcome", name(change.outcome), "share", change.share,
                    "cost_before", when(change.outcome != Outcome::new_statement, change.cost_before),
                    "cost_after", when(change.outcome != Outcome::fails_after, change.cost_after), "error",
                    given(change.error), "values", given(change.origin));
  for (const auto& one : change.differences)
    out["differences"].push_back(object("kind", name(one.kind), "table",
                                        when(!one.table.name.empty(), display(one.table)), "before",
                                        given(one.before), "after", given(one.after)));
  if (const auto& cause = change.cause)
    out["cause"] = object("kind", name(cause->kind), "table", display(cause->table), "object",
                          given(cause->object), "before", given(cause->before), "after", given(cause->after));
  return out;
}

json comparison_json(const PlanComparison& comparison) {
  return object(
      "against", comparison.against, "compared", comparison.compared, "not_planned", comparison.failed,
      "changes",
      array_of(comparison.changes, [](const auto& one) { return change_json(one.first, one.second); }),
      "incomplete", given(comparison.incomplete));
}

constexpr std::size_t max_queries = 2000;
constexpr std::size_t max_tables = 2000;

void truncate(json& out, const char* what, std::size_t shown, std::size_t of) {
  if (shown < of) out["truncated"].push_back(object("what", what, "shown", shown, "of", of));
}

json rules_json(const Report& report) {
  std::set<std::string> ids;
  for (const auto& finding : report.findings) ids.insert(finding.rule);
  json out = json::array();
  for (const auto& id : ids)
    if (const auto* found = lint::find_rule(id))
      out.push_back(object("id", id, "category", found->category, "summary", found->rule->summary, "why",
                           found->rule->why, "when_to_ignore", found->rule->when_to_ignore));
  return out;
}

json index_json(const Index& index) {
  const json keys =
      array_of(index.keys, [](const auto& key) { return key.column.empty() ? key.expression : key.column; });
  json out = object("name", index.name, "method", index.method, "columns", keys, "unique", index.unique,
                    "include", given(index.include), "predicate", index.predicate);
  if (const auto& statistics = index.statistics)
    put(out, "bytes", statistics->pages * page_bytes, "scans", statistics->scans);
  return out;
}

bool indexed(const Table& table, const std::vector<std::string>& columns) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return lint::covers(index, table, columns) == lint::Coverage::full;
  });
}

json foreign_key_json(const Table& table, const Constraint& key) {
  return object("name", key.name, "columns", key.columns, "schema", key.referenced_table.schema, "table",
                key.referenced_table.name, "referenced_columns", key.referenced_columns, "indexed",
                indexed(table, key.columns));
}

json table_json(const Table& table) {
  json out = object("schema", table.name.schema, "name", table.name.name);
  if (const auto& statistics = table.statistics)
    put(out, "rows", when(statistics->rows >= 0, statistics->rows), "bytes", statistics->bytes,
        "sequential_scans", statistics->sequential_scans, "index_scans", statistics->index_scans, "writes",
        statistics->writes);
  out["columns"] = array_of(table.columns, [](const Column& column) {
    return object("name", column.name, "type", column.type, "not_null", column.not_null);
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

std::string report_json(const Report& report, const Options& options) {
  json out = object("schema", "pgadvise-report-1");
  out["findings"] = array_of(report.findings, [&](const Finding& finding) {
    return with_source(finding_json(finding, options.show_literals), finding, options);
  });
  if (report.workload_cost > 0) out["further_indexes"] = further_json(report);
  out["suppressed"] = array_of(report.suppressed, [&](const SuppressedFinding& suppressed) {
    const auto& by = suppressed.by;
    json entry = finding_json(suppressed.finding, options.show_literals);
    entry["suppression"] = object("reason", by.reason, "location", place_json(by.place), "owner",
                                  given(by.owner), "until", given(by.until));
    return entry;
  });
  if (const auto& baseline = report.baseline)
    out["baseline"] = object("path", baseline->path, "known", baseline->known.size(), "known_ids",
                             array_of(baseline->known, [](const Finding& finding) { return finding.id; }),
                             "gone", array_of(baseline->gone, [](const auto& entry) {
                               return object("id", entry.id, "rule", entry.rule, "message", entry.what);
                             }));
  for (const auto& forecast : report.lock_forecasts) out["lock_forecasts"].push_back(forecast_json(forecast));
  if (report.comparison) out["plan_comparison"] = comparison_json(*report.comparison);
  out["skipped_rules"] = array_of(report.skipped, [](const SkippedRule& skipped) {
    return object("rule", skipped.rule, "reason", skipped.reason);
  });
  out["scope"] = object("rules", report.scope.rules, "migration_rules", report.scope.migration_rules,
                        "migrations", report.scope.migrations);
  out["inputs"] = array_of(report.inputs, [](const ReportInput& input) {
    return object("kind", input.kind, "path", input.path, "detail", given(input.detail));
  });
  out["diagnostics"] = array_of(report.diagnostics, [](const Error& error) { return error.line(); });
  out["summary"] = summary_json(report);
  put_context(out, report, options);
  json plans = object("planned", report.planned, "run", report.analyzed, "seconds", report.analyze_seconds);
  out["run"] = object("version", PGADVISE_VERSION, "started", report.started, "seconds", report.seconds,
                      "server_version", given(report.server_version), "what_if", given(report.what_if),
                      "plans", when(report.planned != 0, std::move(plans)));
  return text_of(out);
}

}  // namespace

const Format json_format{"json", "the whole report, for dashboards (docs/report.schema.json)", report_json};

}  // namespace pgadvise::report::formats
