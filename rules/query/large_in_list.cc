#include "lint/loops.h"
#include "lint/queries.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_values{
    .name = "values", .fallback = 500, .meaning = "values from which a list is large"};
static constexpr const Option* options[] = {&min_values};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const std::size_t values = query.facts.longest_list;
    if (static_cast<double>(values) < context.option(min_values) || query.facts.catalog_query ||
        lint::by_tool_alone(query))
      continue;
    const QualifiedName table = lint::main_table(query);
    Finding& finding = lint::report(
        reporter, query, table,
        "The statement" + lint::on_table(table) + " came with a list of " +
            lint::grouped(static_cast<double>(values)) +
            " values: each length of the list is a statement of its own, parsed and planned anew.");
    finding.fix = Fix{.title = "Hand the values over as one array: = ANY($1)", .safety = Fix::Safety::manual};
  }
}

constinit const Rule large_in_list{
    .id = "large-in-list",
    .severity = Severity::note,
    .needs = Input::workload,
    .summary = "an IN list of hundreds of values",
    .why =
        "Lists of different lengths are different statements to the server: none is prepared once and used "
        "again, and before PostgreSQL 18 each length takes an "
        "entry of pg_stat_statements until that is full of them. Each value is a node of the plan: 5,000 "
        "integers took 7 ms to plan as a list, 2 ms as an array. "
        "At 65,535 parameters the protocol ends.",
    .fix =
        "One parameter that is an array: `= ANY($1)`, for several columns `JOIN unnest($1::int[], "
        "$2::text[])`; for very many values COPY them into a "
        "temporary table, ANALYZE it and join. In Drizzle: `` sql`${column} = ANY(${ids})` `` in place of "
        "inArray.",
    .when_to_ignore = "A script that runs once.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
