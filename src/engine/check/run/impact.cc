#include "check/run/impact.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "lint/run/rule.h"
#include "lint/schema/table_growth.h"
#include "lint/schema/tables.h"

namespace pgadvise::check {
namespace {

constexpr double microseconds_per_hour = 3.6e9;
constexpr double ms_per_hour = 3.6e6;

// "0.4 ms", "12 ms", "3.4 s", "2.1 min", "5.0 h"
std::string duration(double ms) {
  if (ms < 1000) return fmt::format("{:.{}f} ms", ms, ms < 10 ? 1 : 0);
  if (ms < 60'000) return fmt::format("{:.{}f} s", ms / 1000, ms < 10'000 ? 1 : 0);
  if (ms < ms_per_hour) return fmt::format("{:.{}f} min", ms / 60'000, ms < 600'000 ? 1 : 0);
  return fmt::format("{:.1f} h", ms / ms_per_hour);
}

// "3 min 45 s", "30 min", "12 s": of less than an hour
std::string period(double hours) {
  const auto seconds = std::max(1L, std::lround(hours * 3600));
  if (seconds < 60) return fmt::format("{} s", seconds);
  return seconds % 60 ? fmt::format("{} min {} s", seconds / 60, seconds % 60)
                      : fmt::format("{} min", seconds / 60);
}

struct Cost {
  double ms_per_hour = 0;
  std::string effect;
  bool guessed = false;  // from a guessed number of rows
};

// The share of the statement's time that the fix saves; 1 if unknown.
double saved_share(const Finding& finding) {
  if (!finding.fix || !finding.fix->cost_before || !finding.fix->cost_after || *finding.fix->cost_before <= 0)
    return 1;
  return std::clamp(1 - *finding.fix->cost_after / *finding.fix->cost_before, 0.0, 1.0);
}

// The time of a logged statement, as far as the fix saves it.
std::optional<Cost> of_query(const Finding& finding, const ImpactInputs& inputs) {
  const Query* query = inputs.workload->query(finding.subject.fingerprint);
  if (!query || query->total_ms <= 0) return std::nullopt;
  const double all = inputs.time.total_ms;
  const double share = saved_share(finding);
  const double hours = std::max(inputs.time.hours, 1.0 / 60);
  const bool known = inputs.time.hours > 0;
  const double saved = query->total_ms * share;
  Cost out{.ms_per_hour = saved / (known ? hours : 1)};
  const std::string part =
      all > 0 ? fmt::format("{:.{}f} %", 100 * saved / all, saved / all < 0.0995 ? 1 : 0) : std::string();
  const char* verb = share < 1 ? "saves" : "takes";
  if (known && inputs.time.hours < 1)
    out.effect = fmt::format("{} {} in {} of log ({} of the logged query time)", verb, duration(saved),
                             period(inputs.time.hours), part);
  else
    out.effect = fmt::format("{} {}{} of the logged query time", verb,
                             known ? duration(out.ms_per_hour) + " per hour, " : "", part);
  return out;
}

const Constraint* key_of(const Finding& finding, const Table& table) {
  for (const Constraint& key : table.constraints)
    if (key.kind == Constraint::Kind::foreign_key && key.columns == finding.subject.columns) return &key;
  return nullptr;
}

// The rows that each DELETE of a parent row scans.
Cost of_foreign_key(const Finding& finding, const Table& table) {
  const ImpactAssumptions& assume = impact_assumptions;
  const Constraint* key = key_of(finding, table);
  const bool follows = key && key->on_delete != "NO ACTION" && key->on_delete != "RESTRICT";
  Cost out{.guessed = !lint::rows_known(table)};
  out.ms_per_hour = lint::likely_rows(table) * assume.ms_per_row_scanned *
                    (follows ? assume.cascades_per_hour : assume.deletes_per_hour);
  if (lint::rows_known(table) && lint::likely_rows(table) > 0)
    out.effect = "each DELETE of a parent row scans " + lint::grouped(lint::likely_rows(table)) + " rows";
  return out;
}

Cost of_lock(const Table& table) {
  const ImpactAssumptions& assume = impact_assumptions;
  Cost out{.ms_per_hour = lint::likely_rows(table) * assume.ms_per_row_locked * assume.statements_that_wait,
           .guessed = !lint::rows_known(table)};
  if (lint::rows_known(table) && lint::likely_rows(table) > 0)
    out.effect = "locks a table of " + lint::grouped(lint::likely_rows(table)) + " rows";
  return out;
}

Cost of_index(const Table& table, const Index& index) {
  constexpr double page = page_bytes, bytes_per_entry = 30;
  const bool known = index.statistics && index.statistics->pages > 0;
  const double bytes = known ? static_cast<double>(index.statistics->pages) * page
                             : lint::likely_rows(table) * bytes_per_entry;
  Cost out{.ms_per_hour = bytes / (1 << 20) * impact_assumptions.ms_per_megabyte, .guessed = !known};
  if (known) out.effect = "frees " + lint::bytes_text(bytes);
  return out;
}

Cost cost_of(const Finding& finding, const lint::RegisteredRule* rule, const ImpactInputs& inputs) {
  if (inputs.workload && !finding.subject.fingerprint.empty())
    if (auto cost = of_query(finding, inputs)) return *cost;
  const Table* table =
      inputs.catalog ? inputs.catalog->table({finding.subject.schema, finding.subject.table}) : nullptr;
  if (!table) return {};
  if (finding.subject.kind == "foreign-key" && finding.proposal) return of_foreign_key(finding, *table);
  if (const Index* index = table->index(finding.subject.index)) return of_index(*table, *index);
  // What loses data or fails does so whatever the size of the table.
  if (rule && rule->category == "migration" && rule->rule->harm == lint::Harm::time) return of_lock(*table);
  return {};
}

double points(Severity severity) {
  return severity == Severity::error     ? impact_points.error
         : severity == Severity::warning ? impact_points.warning
                                         : impact_points.note;
}

double points(lint::Harm harm) {
  return harm == lint::Harm::data          ? impact_points.data
         : harm == lint::Harm::deployment  ? impact_points.deployment
         : harm == lint::Harm::correctness ? impact_points.correctness
                                           : 0;
}

double points(const Cost& cost) {
  const double powers = std::log10(1 + cost.ms_per_hour);
  if (!cost.guessed) return impact_points.per_power_of_ten * powers;
  return std::min(impact_points.guessed_per_power_of_ten * powers, impact_points.most_guessed);
}

}  // namespace

WorkloadTime time_of(const Workload& workload) {
  WorkloadTime out;
  std::optional<std::int64_t> first, last;
  for (const Query& query : workload.queries) {
    out.total_ms += query.total_ms;
    if (query.first) first = first ? std::min(*first, *query.first) : *query.first;
    if (query.last) last = last ? std::max(*last, *query.last) : *query.last;
  }
  if (first && last) out.hours = static_cast<double>(*last - *first) / microseconds_per_hour;
  return out;
}

Impact impact_of(const Finding& finding, const ImpactInputs& inputs) {
  const lint::RegisteredRule* rule = lint::find_rule(finding.rule);
  Cost cost = cost_of(finding, rule, inputs);
  const double harm = rule ? points(rule->rule->harm) : 0;
  Impact out;
  out.score = points(finding.severity) +
              (finding.verdict == Verdict::confirmed ? impact_points.confirmed : 0) +
              (finding.severity == Severity::note ? harm / 2 : harm) + points(cost);
  const bool measured = cost.ms_per_hour > 0 && !cost.guessed;
  if (finding.severity == Severity::note && !measured) out.score *= impact_points.of_unmeasured_note;
  out.effect = std::move(cost.effect);
  return out;
}

void sort_by_impact(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    const bool refuted = a.verdict == Verdict::refuted;
    if (refuted != (b.verdict == Verdict::refuted)) return !refuted;
    if (a.impact.score != b.impact.score) return a.impact.score > b.impact.score;
    if (a.rule != b.rule) return a.rule < b.rule;
    return a.subject < b.subject;
  });
}

}  // namespace pgadvise::check
