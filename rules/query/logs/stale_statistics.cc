#include <algorithm>
#include <map>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::stale_statistics {

static constexpr Option min_times{"times", 100, "factor by which an estimate must be wrong"};
static constexpr Option min_rows = size_option(
    "rows", 10000, "rows of a table, or rows estimated or found by a scan, below which nothing is reported");
static constexpr Option changed_percent{
    "changed_percent", 30,
    "percent of the rows of a table changed since the last ANALYZE; autovacuum analyzes at 10 by default"};

namespace {

constexpr std::size_t max_plans = 3;  // reported for one table

struct Misestimate {
  const Query* query = nullptr;
  const KnownPlan* plan = nullptr;
  const PlanNode* node = nullptr;
  double times = 0;
};

// Why the statistics of a table are wrong, and the wrong estimates in plans.
struct Stale {
  std::string reason;  // from the counters of the server; "" if they are missing or show no problem
  std::vector<Misestimate> misestimates;
};

double times_off(const PlanNode& node) {
  const double estimated = std::max(1.0, node.plan_rows);
  const double actual = std::max(1.0, node.actual_rows.value_or(0));
  return std::max(estimated / actual, actual / estimated);
}

// Whether the node belongs to a generic plan (with $n), whose estimates cannot be right for every value.
bool generic(const PlanNode& node) {
  const auto has = [](const std::string& condition) {
    for (std::size_t at = 0; (at = condition.find('$', at)) != std::string::npos; ++at)
      if (at + 1 < condition.size() && condition[at + 1] >= '0' && condition[at + 1] <= '9') return true;
    return false;
  };
  return has(node.filter) || has(node.index_condition) ||
         std::ranges::any_of(node.conditions, [&](const auto& condition) { return has(condition.second); });
}

bool has_column_statistics(const Table& table) {
  return std::ranges::any_of(table.columns,
                             [](const Column& column) { return column.statistics.has_value(); });
}

std::string of_counters(const Context& context, const Table& table) {
  const auto& statistics = table.statistics;
  const double least = context.option(min_rows);
  if (!statistics || table.temporary) return {};
  const double changed = static_cast<double>(statistics->changes_since_analyze);
  if (table.kind == Table::Kind::partitioned) {
    // Partitions have statistics that this role may read, and the parent has none.
    const auto& parts = context.partitions_of(table.name);
    const bool parts_have =
        std::ranges::any_of(parts, [](const Table* part) { return has_column_statistics(*part); });
    if (statistics->rows >= least && parts_have && !has_column_statistics(table))
      return "was never analyzed as a whole: autovacuum analyzes the partitions, not the partitioned table";
    return {};
  }
  if (table.kind != Table::Kind::ordinary) return {};
  const double rows = static_cast<double>(statistics->live_rows);
  if (statistics->rows < 0 && rows >= least)
    return "was never analyzed, and has about " + grouped(rows) + " rows";
  if (std::max(statistics->rows, rows) < least || changed < least ||
      100 * changed < context.option(changed_percent) * statistics->rows)
    return {};
  return grouped(changed) + " rows changed since the last ANALYZE, when the table had about " +
         grouped(statistics->rows);
}

// Only scans: better statistics on one table rarely fix the estimate of a join.
void collect(const Context& context, const Query& query, std::map<QualifiedName, Stale>& out) {
  for (const auto& plan : context.plans_of(query))
    for (const auto& insight : plan.insights) {
      if (insight.kind != Insight::Kind::misestimate || insight.node->relation.empty() ||
          generic(*insight.node))
        continue;
      const double times = times_off(*insight.node);
      // The planner assumes 10 pages for an empty table.
      const bool large =
          std::max(insight.node->plan_rows, insight.node->actual_rows.value_or(0)) * insight.node->loops >=
          context.option(min_rows);
      if (large && times >= context.option(min_times))
        out[table_of(query, *insight.node)].misestimates.push_back({&query, &plan, insight.node, times});
    }
}

std::string analyze_sql(const QualifiedName& name) {
  return "ANALYZE " + quote_name(name.schema, name.name) + ";";
}

std::string rows(double count) { return grouped(count) + (count == 1 ? " row" : " rows"); }

std::string estimate_text(const Misestimate& misestimate) {
  const auto times = misestimate.node->loops > 1
                         ? " in each of " + grouped(misestimate.node->loops) + " loops"
                         : std::string();
  return "estimated " + rows(misestimate.node->plan_rows) + ", found " +
         grouped(misestimate.node->actual_rows.value_or(0)) + times + ", " + grouped(misestimate.times) +
         " times off";
}

// Whether the table was analyzed and has hardly changed since, so that ANALYZE would not help.
bool fresh(const Context& context, const QualifiedName& name) {
  if (!context.has_catalog() || !context.catalog().statistics_days) return false;
  const Table* table = context.table(name);
  return table && table->statistics && table->statistics->rows >= 0 &&
         10 * static_cast<double>(table->statistics->changes_since_analyze) < table->statistics->rows;
}

void report_table(const Context& context, Reporter& reporter, const QualifiedName& name, Stale& stale) {
  std::ranges::stable_sort(stale.misestimates,
                           [](const Misestimate& a, const Misestimate& b) { return a.times > b.times; });
  std::string message = stale.reason.empty()
                            ? "The planner misestimates the number of rows of " + display(name) + ": " +
                                  estimate_text(stale.misestimates.front()) + "."
                            : display(name) + " has stale statistics: " + stale.reason + ".";
  if (!stale.reason.empty() && stale.reason.starts_with("was"))
    message = display(name) + " " + stale.reason + ".";
  Finding& finding = reporter.add(table_subject(name), std::move(message));
  finding.verdict = Verdict::confirmed;
  if (!stale.reason.empty()) finding.evidence.push_back(catalog_fact(stale.reason));
  for (std::size_t i = 0; i < stale.misestimates.size() && i < max_plans; ++i) {
    const Misestimate& misestimate = stale.misestimates[i];
    finding.evidence.push_back(plan_fact(
        *misestimate.plan, "scan of " + display(name) +
                               (misestimate.node->index.empty() ? "" : " by " + misestimate.node->index) +
                               " " + estimate_text(misestimate)));
    finding.evidence.push_back(log_fact(
        ran(*misestimate.query) + ": " + ellipsis(misestimate.query->text, 300), misestimate.plan->place));
    if (!finding.location) finding.location = misestimate.plan->place;
  }
  if (stale.reason.empty() && fresh(context, name))
    finding.fix = manual_fix(
        "ANALYZE will not help, because the table was analyzed: use CREATE STATISTICS for dependent columns "
        "or for the compared expression, or a higher statistics target");
  else
    finding.fix =
        Fix{.title = stale.reason.empty() ? "ANALYZE the table; if the estimate stays wrong, use a higher "
                                            "statistics target, or CREATE STATISTICS for dependent columns"
                                          : "ANALYZE the table",
            .sql = analyze_sql(name)};
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::map<QualifiedName, Stale> found;
  if (context.has_workload())
    for (const auto& query : context.workload().queries)
      if (of_application(query)) collect(context, query, found);
  // Counters of a server with a history; a schema that was just loaded has none.
  if (context.has_catalog() && context.catalog().statistics_days)
    for (const auto& [name, table] : context.catalog().tables) {
      auto reason = of_tool_or_server(name, &table) ? std::string() : of_counters(context, table);
      if (!reason.empty()) found[name].reason = std::move(reason);
    }
  for (auto& [name, stale] : found) report_table(context, reporter, name, stale);
}

constinit const Rule rule{
    .id = "stale-statistics",
    .severity = Severity::note,
    .needs = any(Input::plans, Input::statistics),
    .summary = "a table whose statistics mislead the planner",
    .why =
        "The planner chooses plans by estimates. If an estimate is wrong by a factor of a hundred, the "
        "planner uses a nested loop where a hash join is faster, or scans a table to find a few rows. "
        "Statistics are missing after a restore, pg_upgrade or bulk load until ANALYZE has run. Autovacuum "
        "never analyzes a partitioned table as a whole.\n\n"
        "The rule uses the counters of the server, and executed plans in which a scan found a hundred times "
        "more or fewer rows than estimated. The counters of a session arrive after its transaction, and so "
        "after an ANALYZE that already saw its rows. Therefore the counters of a table that has not grown "
        "since the last ANALYZE are ignored for ten minutes.",
    .fix =
        "Run `ANALYZE` on the table. If the estimate stays wrong after ANALYZE, use a higher statistics "
        "target for the column, or `CREATE STATISTICS` for dependent columns.",
    .when_to_ignore = "A queue or staging table fills and empties all day.",
    .options = {&min_times, &min_rows, &changed_percent},
    .check = check};

}  // namespace pgadvise::rules::stale_statistics
