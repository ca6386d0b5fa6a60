#include <algorithm>

#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::count_to_test_existence {

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (facts.count_test != CountTest::existence || facts.catalog_query || by_tool_alone(query)) continue;
    if (facts.relations.empty() && facts.unknown_relations.empty()) continue;
    const auto few = [&](const RelationUse& use) {
      return known_small(context, use.table, context.option(small_rows)) ||
             asks_for_one_row(context, facts, use.table);
    };
    if (!facts.relations.empty() && std::ranges::all_of(facts.relations, few)) continue;
    const QualifiedName table = main_table(query);
    Finding& finding = report(reporter, query, table,
                              "The statement" + on_table(table) +
                                  " counts rows only to test whether one exists: it reads all matching rows, "
                                  "where the first would be enough.");
    finding.fix = manual_fix("Use EXISTS (SELECT 1 FROM … WHERE …) instead of the comparison with count(…)");
  }
}

constinit const Rule rule{
    .id = "count-to-test-existence",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "a count that only tests whether a row exists",
    .why =
        "`count(*) > 0` reads every matching row. `EXISTS` stops at the first.\n\n"
        "The rule reports statements that compare the count themselves: `(SELECT count(*) …) > 0`, `SELECT "
        "count(*) = 0 FROM …`. What an application does with the result of a plain count is not visible.",
    .fix = "Use `EXISTS (SELECT 1 FROM … WHERE …)` or `NOT EXISTS`.",
    .when_to_ignore = "The filter contains a unique key, so at most one row matches.",
    .options = {&small_rows},
    .check = check};

}  // namespace pgadvise::rules::count_to_test_existence
