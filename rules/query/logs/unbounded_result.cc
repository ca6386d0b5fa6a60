#include <algorithm>
#include <array>

#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unbounded_result {

static constexpr Option min_rows{"rows", 1000,
                                 "mean rows per call, where the log has them, from which a result is large"};
static constexpr Option table_rows = size_option(
    "table_rows", 10000, "rows from which reading a whole table is reported, where its statistics are known");
static constexpr Option fast_ms{"fast_ms", 1,
                                "mean duration, in milliseconds, below which a result cannot be large"};

namespace {

bool returns_rows_without_end(const Query& query) {
  const QueryFacts& facts = query.facts;
  return facts.parsed && facts.kind == StatementKind::select && !facts.catalog_query && !facts.has_limit &&
         !facts.one_row && !by_tool_alone(query);
}

// Whether the query returns all rows of its tables: no filter, grouping or limit.
bool reads_all(const QueryFacts& facts) {
  const auto filters = [](const Predicate& predicate) {
    return predicate.value != Predicate::Value::column || predicate.column.table == predicate.other.table;
  };
  return !facts.has_where && !facts.limited && !facts.grouped && !facts.from_derived && !facts.from.empty() &&
         !facts.locks_rows && std::ranges::none_of(facts.predicates, filters);
}

// Whether the name suggests a queue or similar, whose workers read all rows.
bool queue(const Table& table) {
  static constexpr std::array<std::string_view, 9> names = {"queue",   "job", "outbox", "inbox", "cache",
                                                            "staging", "tmp", "temp",   "lock"};
  return any_of(singular_words(table.name.name), names);
}

// Whether the table grows with use: its rows have a time and belong to other rows, unlike settings, roles or
// countries.
bool grows(const Context& context, const Table& table) {
  if (!stores_rows(table) || queue(table)) return false;
  if (named_like_log(table) || table.kind == Table::Kind::partitioned) return true;
  const bool dated = std::ranges::any_of(table.columns, [](const Column& column) {
    return starts_with_nocase(column.type, "timestamp") && column.default_expression;
  });
  return dated && (!foreign_keys(table).empty() || context.references_to(table.name).size() > 1);
}

}  // namespace

static Finding& report_large(const Context& context, Reporter& reporter, const Query& query,
                             std::string message, std::optional<Severity> severity) {
  Finding& finding =
      report(reporter, query, query.facts.from.empty() ? main_table(query) : query.facts.from.front(),
             std::move(message), severity);
  finding.fix =
      manual_fix(is_drizzle(context) ? "Add .limit(…) and page by key" : "Add a LIMIT and page by key");
  return finding;
}

static void check_whole_table(const Context& context, Reporter& reporter, const Query& query) {
  if (!reads_all(query.facts)) return;
  if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) return;
  for (const auto& name : query.facts.from) {
    const Table* table = context.table(name);
    if (!table) continue;
    const auto rows = lint::rows_of(context, name);
    const bool many = rows && *rows >= context.option(table_rows);
    if (!many && (rows || !grows(context, *table))) continue;
    report_large(context, reporter, query,
                 "A query returns every row of " + display(name) +
                     (many ? ", about " + grouped(*rows) + " of them" : "") +
                     ", because it has no WHERE and no LIMIT.",
                 many ? std::nullopt : std::optional(Severity::note));
    return;
  }
}

// Of the plans that were run, the one that returned the most rows; nullptr: none.
static const KnownPlan* largest_run(const Context& context, const Query& query) {
  const KnownPlan* out = nullptr;
  for (const auto& plan : context.plans_of(query))
    if (plan.plan->analyzed && (!out || rows_of(plan.plan->root) > rows_of(out->plan->root))) out = &plan;
  return out;
}

// A log rarely has the number of rows; a plan that was run does.
static void check_plan(const Context& context, Reporter& reporter, const Query& query) {
  const KnownPlan* plan = largest_run(context, query);
  const double rows = plan ? rows_of(plan->plan->root) : 0;
  if (rows < context.option(min_rows)) return check_whole_table(context, reporter, query);
  Finding& finding = report_large(
      context, reporter, query,
      "A query" + on_table(main_table(query)) + " without LIMIT returns " + grouped(rows) + " rows.",
      std::nullopt);
  finding.evidence.push_back(plan_fact(*plan, "the statement returns " + grouped(rows) + " rows"));
  apply_plan(finding, *plan);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    if (!returns_rows_without_end(query)) continue;
    if (query.rows_calls == 0) {
      check_plan(context, reporter, query);
      continue;
    }
    const double rows = static_cast<double>(query.rows) / static_cast<double>(query.rows_calls);
    if (rows < context.option(min_rows)) continue;
    report_large(context, reporter, query,
                 "A query" + on_table(main_table(query)) + " without LIMIT returns " + grouped(rows) +
                     " rows per call on average.",
                 std::nullopt);
  }
}

constinit const Rule rule{
    .id = "unbounded-result",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "a query without LIMIT that returns many rows or a whole table",
    .why =
        "All rows are read, sent and held in the application's memory at once. This works with the data of "
        "the first day. Later the page gets slower with every row, until a request runs out of memory or "
        "time.\n\n"
        "The finding is a warning if the log, the statistics or a plan that was run show many rows. It is a "
        "note if nothing limits or filters a table that grows with use.",
    .fix =
        "Use LIMIT and keyset pagination (`WHERE id > $1 ORDER BY id LIMIT 100`). Use a cursor or COPY for "
        "exports, and an aggregate where only a sum is shown.",
    .when_to_ignore = "An export or a job needs every row and streams the result.",
    .options = {&min_rows, &table_rows, &fast_ms},
    .check = check};

}  // namespace pgadvise::rules::unbounded_result
