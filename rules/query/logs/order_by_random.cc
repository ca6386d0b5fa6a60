#include <algorithm>

#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::order_by_random {

static constexpr Option fast_ms{"fast_ms", 1,
                                "mean duration, in milliseconds, below which the table is small"};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (facts.random_sort.empty() || facts.catalog_query) continue;
    if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) continue;
    const auto few = [&](const QualifiedName& table) {
      return known_small(context, table, context.option(small_rows)) ||
             asks_for_one_row(context, facts, table);
    };
    if (std::ranges::all_of(facts.random_sort, few)) continue;
    const QualifiedName& table = facts.random_sort.front();
    Finding& finding =
        report(reporter, query, table,
               "A query on " + display(table) +
                   " sorts by random(): it reads and sorts all rows that pass the filter to return a few.");
    finding.fix = manual_fix("Use TABLESAMPLE, or look up a random key through an index");
  }
}

constinit const Rule rule{
    .id = "order-by-random",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "a query that picks rows by ORDER BY random()",
    .why =
        "No index can serve this order. The server reads every row that passes the filter, assigns a random "
        "number and sorts, only to return a few rows.",
    .fix =
        "Use `TABLESAMPLE SYSTEM_ROWS(n)` (extension tsm_system_rows) or `TABLESAMPLE BERNOULLI (p)`. Or "
        "look up a random key: `WHERE id >= $1 ORDER BY id LIMIT 1` with a number between the lowest and the "
        "highest key. Or add an indexed column filled with random().",
    .when_to_ignore = "The filter uses an index and leaves few rows.",
    .options = {&small_rows, &fast_ms},
    .check = check};

}  // namespace pgadvise::rules::order_by_random
