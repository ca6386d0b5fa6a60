#include <algorithm>
#include <map>

#include "base/identifier.h"
#include "base/text.h"
#include "lint/plans.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_times{
    .name = "times", .fallback = 100, .meaning = "how many times an estimate must be off"};
static constexpr Option min_rows{
    .name = "rows",
    .fallback = 10000,
    .table_size = true,
    .meaning = "rows of a table, or expected or found by a scan, below which nothing is said"};
static constexpr Option changed_percent{
    .name = "changed_percent",
    .fallback = 30,
    .meaning =
        "share of a table's rows changed since the last ANALYZE; autovacuum analyzes at 10 by "
        "default"};
static constexpr const Option* options[] = {&min_times, &min_rows, &changed_percent};

namespace {

constexpr std::size_t max_plans = 3;  // told of one table

struct Miss {
  const Query* query = nullptr;
  const KnownPlan* plan = nullptr;
  const PlanNode* node = nullptr;
  double times = 0;
};

// What is wrong with a table's statistics, and what came of it.
struct Stale {
  std::string reason;  // by the server's counters; "" when they say nothing, or there are none
  std::vector<Miss> misses;
};

double times_off(const PlanNode& node) {
  const double estimated = std::max(1.0, node.plan_rows);
  const double actual = std::max(1.0, node.actual_rows.value_or(0));
  return std::max(estimated / actual, actual / estimated);
}

// A plan made once for any value ($n stands in it) can't be right for each.
bool generic(const PlanNode& node) {
  const auto has = [](const std::string& condition) {
    for (std::size_t at = 0; (at = condition.find('$', at)) != std::string::npos; ++at)
      if (at + 1 < condition.size() && condition[at + 1] >= '0' && condition[at + 1] <= '9') return true;
    return false;
  };
  return has(node.filter) || has(node.index_condition) ||
         std::any_of(node.conditions.begin(), node.conditions.end(),
                     [&](const auto& condition) { return has(condition.second); });
}

bool has_column_statistics(const Table& table) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [](const Column& column) { return column.statistics.has_value(); });
}

std::string of_counters(const Context& context, const Table& table) {
  const auto& statistics = table.statistics;
  const double least = context.option(min_rows);
  if (!statistics || table.temporary) return {};
  const double changed = static_cast<double>(statistics->changes_since_analyze);
  if (table.kind == Table::Kind::partitioned) {
    // Parts that have statistics, readable ones, and a parent that has none of its own.
    const auto& parts = context.partitions_of(table.name);
    const bool parts_have = std::any_of(parts.begin(), parts.end(),
                                        [](const Table* part) { return has_column_statistics(*part); });
    if (statistics->rows >= least && parts_have && !has_column_statistics(table))
      return "was never analyzed as a whole: autovacuum analyzes its partitions, not the partitioned table";
    return {};
  }
  if (table.kind != Table::Kind::ordinary) return {};
  const double rows = static_cast<double>(statistics->live_rows);
  if (statistics->rows < 0 && rows >= least)
    return "was never analyzed, and has about " + lint::grouped(rows) + " rows";
  if (std::max(statistics->rows, rows) < least || changed < least ||
      100 * changed < context.option(changed_percent) * statistics->rows)
    return {};
  return lint::grouped(changed) + " rows of it changed since it was analyzed, when it had about " +
         lint::grouped(statistics->rows);
}

// Scans alone: how many rows a join gives is a guess that statistics on one table rarely mend.
void collect(const Context& context, const Query& query, std::map<QualifiedName, Stale>& out) {
  for (const auto& plan : context.plans_of(query))
    for (const auto& insight : plan.insights) {
      if (insight.kind != Insight::Kind::misestimate || insight.node->relation.empty() ||
          generic(*insight.node))
        continue;
      const double times = times_off(*insight.node);
      // A table that holds nothing yet is expected to have 10 pages.
      const bool large =
          std::max(insight.node->plan_rows, insight.node->actual_rows.value_or(0)) * insight.node->loops >=
          context.option(min_rows);
      if (large && times >= context.option(min_times))
        out[lint::table_of(query, *insight.node)].misses.push_back({&query, &plan, insight.node, times});
    }
}

std::string analyze_sql(const QualifiedName& name) {
  return "ANALYZE " + quote_name(name.schema, name.name) + ";";
}

std::string rows(double count) { return lint::grouped(count) + (count == 1 ? " row" : " rows"); }

std::string told(const Miss& miss) {
  const auto times =
      miss.node->loops > 1 ? " in each of " + lint::grouped(miss.node->loops) + " loops" : std::string();
  return "expected " + rows(miss.node->plan_rows) + ", found " +
         lint::grouped(miss.node->actual_rows.value_or(0)) + times + ", " + lint::grouped(miss.times) +
         " times off";
}

// Analyzed, and hardly changed since: ANALYZE would find the same.
bool fresh(const Context& context, const QualifiedName& name) {
  if (!context.has_catalog() || !context.catalog().statistics_days) return false;
  const Table* table = context.catalog().table(name);
  return table && table->statistics && table->statistics->rows >= 0 &&
         10 * static_cast<double>(table->statistics->changes_since_analyze) < table->statistics->rows;
}

void report_table(const Context& context, Reporter& reporter, const QualifiedName& name, Stale& stale) {
  std::stable_sort(stale.misses.begin(), stale.misses.end(),
                   [](const Miss& a, const Miss& b) { return a.times > b.times; });
  std::string message = stale.reason.empty() ? "The planner expects the wrong number of rows of " +
                                                   display(name) + ": " + told(stale.misses.front()) + "."
                                             : display(name) + " has stale statistics: " + stale.reason + ".";
  if (!stale.reason.empty() && stale.reason.starts_with("was"))
    message = display(name) + " " + stale.reason + ".";
  Finding& finding =
      reporter.add({.kind = "table", .schema = name.schema, .table = name.name}, std::move(message));
  finding.verdict = Verdict::confirmed;
  if (!stale.reason.empty()) finding.evidence.push_back(lint::catalog_fact(stale.reason));
  for (std::size_t i = 0; i < stale.misses.size() && i < max_plans; ++i) {
    const Miss& miss = stale.misses[i];
    finding.evidence.push_back(lint::plan_fact(
        *miss.plan, "scan of " + display(name) + (miss.node->index.empty() ? "" : " by " + miss.node->index) +
                        " " + told(miss)));
    finding.evidence.push_back({Evidence::Kind::statement,
                                lint::ran(*miss.query) + ": " + ellipsis(miss.query->text, 300),
                                miss.plan->place,
                                {}});
    if (!finding.location) finding.location = miss.plan->place;
  }
  if (stale.reason.empty() && fresh(context, name))
    finding.fix =
        Fix{.title =
                "It was analyzed, so ANALYZE will not mend it: CREATE STATISTICS for columns that depend on "
                "each other or for the expression that is compared, or a higher statistics target",
            .safety = Fix::Safety::manual};
  else
    finding.fix = Fix{.title = stale.reason.empty()
                                   ? "ANALYZE the table; if the estimate stays off, a higher statistics "
                                     "target, or CREATE STATISTICS for columns that depend on each other"
                                   : "ANALYZE the table",
                      .sql = analyze_sql(name)};
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::map<QualifiedName, Stale> found;
  if (context.has_workload())
    for (const auto& query : context.workload().queries)
      if (lint::of_application(query)) collect(context, query, found);
  // What a server counts; a schema that was just loaded has no history.
  if (context.has_catalog() && context.catalog().statistics_days)
    for (const auto& [name, table] : context.catalog().tables) {
      auto reason = lint::of_tool_or_server(name, &table) ? std::string() : of_counters(context, table);
      if (!reason.empty()) found[name].reason = std::move(reason);
    }
  for (auto& [name, stale] : found) report_table(context, reporter, name, stale);
}

constinit const Rule stale_statistics{
    .id = "stale-statistics",
    .severity = Severity::note,
    .needs = any(Input::plans, Input::statistics),
    .summary = "a table whose statistics mislead the planner",
    .why =
        "The planner chooses by estimates. An estimate that is a hundred times off makes it join by a nested "
        "loop what wants a hash, or read a table for a few rows. "
        "Statistics are missing after a restore, pg_upgrade or bulk load until ANALYZE has run, and a "
        "partitioned table as a whole is never analyzed by "
        "autovacuum.\n\n"
        "Told where the server's counters show it, and where a scan in a plan that was run found a hundred "
        "times more or fewer rows than expected. "
        "A session's counts of what it wrote arrive after its transaction, and so after an ANALYZE that saw "
        "those rows: of a table that has not grown since, they are left out for "
        "ten minutes.",
    .fix =
        "`ANALYZE` the table. Where the estimate stays off although the table was analyzed: a higher "
        "statistics target for the column, or `CREATE STATISTICS` for columns "
        "that depend on each other.",
    .when_to_ignore = "A queue or staging table that fills and empties all day.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
