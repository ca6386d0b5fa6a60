#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::deep_relational_query {

static constexpr Option max_depth{"depth", 3,
                                  "nested subqueries that build JSON up to which a query is not reported"};
static constexpr Option fast_ms{"fast_ms", 2,
                                "mean duration, in milliseconds, below which a query is not reported"};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    if (query.facts.json_depth <= context.option(max_depth)) continue;
    if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) continue;
    const QualifiedName table = main_table(query);
    Finding& finding =
        report(reporter, query, table,
               "The query" + on_table(table) + " nests the JSON of related rows " +
                   std::to_string(query.facts.json_depth) +
                   " levels deep: the innermost subquery runs once for every row of all outer levels.");
    finding.fix = manual_fix(
        "Fetch the inner levels in a separate statement, by the keys that the outer statement returned");
  }
}

constinit const Rule rule{
    .id = "deep-relational-query",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "a query that nests JSON of related rows more than three levels deep",
    .why =
        "Relational queries of an ORM (Drizzle's `with`, Prisma's relation joins, Hasura, PostgREST) become "
        "one statement with a nested lateral subquery for each relation. The inner subqueries run once for "
        "each row of the outer ones, so the planner can only use a nested loop. Each level builds JSON from "
        "its rows. Time and memory grow with the product of the levels.",
    .fix =
        "Fetch the outer levels first, then the inner levels by the returned keys (`WHERE parent_id = "
        "ANY($1)`): two or three flat statements. Give each level a LIMIT, and select only the columns that "
        "are shown.",
    .when_to_ignore = "Each level has few rows, and the join columns are indexed.",
    .options = {&max_depth, &fast_ms},
    .check = check};

}  // namespace pgadvise::rules::deep_relational_query
