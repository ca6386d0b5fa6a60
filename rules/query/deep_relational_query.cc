#include "lint/loops.h"
#include "lint/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option max_depth{
    .name = "depth",
    .fallback = 3,
    .meaning = "subqueries that build JSON, one inside the other, up to which nobody is told"};
static constexpr Option fast_ms{.name = "fast_ms",
                                .fallback = 2,
                                .meaning = "mean duration, in milliseconds, under which depth does no harm"};
static constexpr const Option* options[] = {&max_depth, &fast_ms};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    if (query.facts.json_depth <= context.option(max_depth)) continue;
    if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) continue;
    const QualifiedName table = lint::main_table(query);
    Finding& finding =
        lint::report(reporter, query, table,
                     "The query" + lint::on_table(table) + " nests the JSON of related rows " +
                         std::to_string(query.facts.json_depth) +
                         " levels deep: the innermost subquery runs for every row of all levels above.");
    finding.fix = Fix{
        .title = "Ask for the inner levels in a statement of their own, by the keys that the outer one gave",
        .safety = Fix::Safety::manual};
  }
}

constinit const Rule deep_relational_query{
    .id = "deep-relational-query",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "a query that nests JSON of related rows more than three levels deep",
    .why =
        "Relational queries of an ORM (Drizzle's `with`, Prisma's relation joins, Hasura, PostgREST) become "
        "one statement with a lateral "
        "subquery for each relation, one inside the other. The inner ones run again for each row of the "
        "outer ones, their plan can only be a "
        "nested loop, and rows are packed as JSON at each level: time and memory grow with the product of "
        "the levels.",
    .fix =
        "Ask for the outer levels, then for the inner ones by the keys that came (`WHERE parent_id = "
        "ANY($1)`): two or three flat statements. "
        "Give each level a LIMIT and only the columns that are shown.",
    .when_to_ignore = "Each level has few rows, and the columns that it is joined by are indexed.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
