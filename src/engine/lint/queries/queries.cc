#include "lint/queries/queries.h"

#include <algorithm>
#include <array>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::lint {

std::optional<double> rows_of(const Context& context, const QualifiedName& name) {
  const Table* table = context.table(name);
  if (!table || !table->statistics || table->statistics->rows < 0) return std::nullopt;
  // Before autovacuum comes, a table that grew has more rows than the last ANALYZE found.
  return std::max(table->statistics->rows, static_cast<double>(table->statistics->live_rows));
}

bool skips_rows(const QueryFacts& facts) { return facts.has_offset && facts.largest_offset.value_or(1) > 0; }

std::vector<std::string> fixed_columns(const QueryFacts& facts, const QualifiedName& table) {
  std::vector<std::string> out;
  for (const auto& predicate : facts.predicates)
    if (predicate.column.table == table && predicate.op == Predicate::Op::equality &&
        predicate.value != Predicate::Value::column && predicate.wrapper.empty() && !predicate.under_or)
      out.push_back(predicate.column.column);
  return out;
}

bool asks_for_one_row(const Context& context, const QueryFacts& facts, const QualifiedName& name) {
  const Table* table = context.table(name);
  return table && unique_among(*table, fixed_columns(facts, name), true);
}

bool is_tool(std::string_view application) {
  static constexpr std::array<std::string_view, 18> tools = {
      "metabase", "pgcli",   "azure data studio", "heidisql",   "adminer",   "psql",
      "pgadmin",  "dbeaver", "datagrip",          "intellij",   "tableplus", "beekeeper",
      "postico",  "navicat", "pg_dump",           "pg_restore", "pgbench",   "vacuumdb"};
  return is_migration_tool(application) || std::ranges::any_of(tools, [&](std::string_view tool) {
           return starts_with_nocase(application, tool);
         });
}

bool by_tool_alone(const Query& query) {
  return !query.applications.empty() && std::ranges::all_of(query.applications, is_tool);
}

std::string milliseconds(double value) {
  const auto tenths = static_cast<std::uint64_t>(value * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

std::string with_parameters(const Sample& logged) {
  const Sample sample = without_secrets(logged);
  std::string out = sample.statement;
  if (!sample.parameters) return out;
  for (std::size_t i = 0; i < sample.parameters->size(); ++i)
    out += (i ? ", $" : " -- $") + std::to_string(i + 1) + " = " + (*sample.parameters)[i].value_or("NULL");
  return out;
}

std::string ran(const Query& query) {
  std::string out = query.calls == 1 ? "ran once" : "ran " + grouped(query.calls) + " times";
  if (query.timed_calls)
    out += ", " + milliseconds(query.mean_ms()) + (query.calls == 1 ? "" : " on average");
  return out;
}

std::optional<SourceLocation> place_of(const Query& query) {
  return query.samples.empty() ? std::nullopt : std::optional(query.samples.front().place);
}

Evidence query_fact(const Query& query, const std::string& before) {
  return log_fact(before + ellipsis(query.text, shown_statement), place_of(query));
}

Subject query_subject(const Query& query, const QualifiedName& table) {
  return {.kind = "query", .schema = table.schema, .table = table.name, .fingerprint = query.fingerprint};
}

Finding& report(Reporter& reporter, const Query& query, const QualifiedName& table, std::string message,
                std::optional<Severity> severity) {
  Finding& finding = reporter.add(query_subject(query, table), place_of(query), std::move(message), severity);
  finding.evidence.push_back(
      log_fact(ran(query) + ": " + ellipsis(query.text, 2 * shown_statement), finding.location,
               query.samples.empty() ? std::string() : with_parameters(query.samples.front())));
  return finding;
}

}  // namespace pgadvise::lint
