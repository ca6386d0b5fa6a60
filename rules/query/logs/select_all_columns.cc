#include <algorithm>

#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::select_all_columns {

static constexpr Option min_columns{"columns", 20, "columns from which a table is wide"};
static constexpr Option min_calls{
    "calls", 100, "calls from which a statement is frequent, where statistics show that a column is large"};
static constexpr Option slow_ms{"slow_ms", 20,
                                "mean duration, in milliseconds, from which a statement is slow"};
static constexpr Option min_rows{
    "rows", 1000, "rows returned by all calls from which the statement counts, where the log has them"};
static constexpr Option large_bytes{"large_bytes", 500,
                                    "average bytes from which a column is large, where statistics are known"};

namespace {

bool large(const Context& context, const Column& column) {
  return is_large(column, context.option(large_bytes));
}

bool selects_all(const QueryFacts& facts, const Table& table) {
  return std::ranges::all_of(table.columns, [&](const Column& column) {
    return std::ranges::find(facts.selected, ColumnUse{table.name, column.name}) != facts.selected.end();
  });
}

// Whether the statement costs enough to report. Without statistics, a jsonb column may be small: then the
// duration or the rows must show the cost.
bool counts(const Context& context, const Query& query, const Table& table) {
  const bool known = std::ranges::any_of(
      table.columns, [&](const Column& column) { return column.statistics && large(context, column); });
  return (known && query.calls >= context.option(min_calls)) ||
         (query.timed_calls > 0 && query.mean_ms() >= context.option(slow_ms)) ||
         query.rows >= context.option(min_rows);
}

}  // namespace

// "all 24 columns of orders, including the large payload"; "" if the table is neither wide nor has large
// columns.
static std::string all_of(const Context& context, const Table& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns)
    if (large(context, column)) names.push_back(column.name);
  const bool wide = table.columns.size() >= context.option(min_columns);
  if (!wide && (names.empty() || table.columns.size() < 3)) return {};
  std::string out =
      (wide ? "all " + std::to_string(table.columns.size()) : "all") + " columns of " + display(table.name);
  if (!names.empty())
    out += ", including " + (names.size() == 1 ? "the large " + names[0] : "large ones such as " + names[0]);
  return out;
}

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  for (const auto& name : query.facts.from) {
    const Table* table = context.table(name);
    if (!table || !stores_rows(*table)) continue;
    if (!counts(context, query, *table) || !selects_all(query.facts, *table) ||
        asks_for_one_row(context, query.facts, name))
      continue;
    const std::string what = all_of(context, *table);
    if (what.empty()) continue;
    Finding& finding = report(reporter, query, name, "A query reads " + what + ".");
    finding.fix = manual_fix("Select only the columns that are used");
    return;
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (facts.kind != StatementKind::select || facts.selected.empty() || facts.locks_rows || facts.one_row ||
        by_tool_alone(query))
      continue;
    check_query(context, reporter, query);
  }
}

constinit const Rule rule{
    .id = "select-all-columns",
    .severity = Severity::note,
    .needs = all(Input::workload, Input::schema),
    .summary = "a query that reads all columns of a wide table or of a table with large columns",
    .why =
        "Each column is read, sent and decoded. Large columns (jsonb, bytea, long text) are fetched in "
        "pieces from TOAST and decompressed. An index-only scan is impossible. `*` also returns every column "
        "that is added later.\n\n"
        "The rule reports statements that read all columns of a table with at least twenty columns or with "
        "large columns. The statement may use `*`, or name all columns as Drizzle's `select()` and most ORMs "
        "do. The statement must be slow or return many rows. If the statistics show how large a column is, a "
        "frequent statement is also reported. Look-ups of one row are left out.",
    .fix =
        "Select only the columns that are used: Drizzle `db.select({ id: t.id, … })` or `columns: { … }`, "
        "Prisma `select`, Rails `.select`. Read large columns separately, when they are needed.",
    .when_to_ignore = "The application uses all columns.",
    .options = {&min_columns, &min_calls, &slow_ms, &min_rows, &large_bytes},
    .check = check};

}  // namespace pgadvise::rules::select_all_columns
