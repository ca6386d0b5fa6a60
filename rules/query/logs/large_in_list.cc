#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::large_in_list {

static constexpr Option min_values{"values", 500, "values from which a list is large"};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const std::size_t values = query.facts.longest_list;
    if (values < context.option(min_values) || query.facts.catalog_query || by_tool_alone(query)) continue;
    const QualifiedName table = main_table(query);
    Finding& finding = report(
        reporter, query, table,
        "The statement" + on_table(table) + " has a list of " + grouped(values) +
            " values: each list length is a separate statement, which the server parses and plans again.");
    finding.fix = manual_fix("Pass the values as one array: = ANY($1)");
  }
}

constinit const Rule rule{
    .id = "large-in-list",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "an IN list of hundreds of values",
    .why =
        "Lists of different lengths are different statements to the server. Prepared statements cannot be "
        "reused, and before PostgreSQL 18 each length takes an entry of pg_stat_statements, until that is "
        "full. Each value is a node of the plan: 5,000 integers took 7 ms to plan as a list, and 2 ms as an "
        "array. The protocol allows at most 65,535 parameters.",
    .fix =
        "Use one array parameter: `= ANY($1)`, or for several columns `JOIN unnest($1::int[], $2::text[])`. "
        "For very many values, COPY them into a temporary table, ANALYZE it, and join. In Drizzle, use `` "
        "sql`${column} = ANY(${ids})` `` instead of inArray.",
    .when_to_ignore = "The statement belongs to a script that runs once.",
    .options = {&min_values},
    .check = check};

}  // namespace pgadvise::rules::large_in_list
