#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::n_plus_one_query_in_code {
namespace {

void check(const Context& context, Reporter& reporter) { report_loops(context, reporter, false); }

}  // namespace

constinit const Rule rule{
    .id = "n-plus-one-query-in-code",
    .severity = Severity::warning,
    .needs = Input::code,
    .summary = "code that runs a query for each row of an earlier query",
    .why =
        "A page with 50 orders then takes 51 round trips to the server instead of two. In Promise.all, the "
        "queries also take as many connections of the pool as there are rows, so that other requests "
        "wait.\n\n"
        "pgadvise reads the Drizzle queries in the repository's TypeScript and JavaScript, without running "
        "it. A query is reported if it is awaited in a loop (for … of, a counting loop, map, forEach, "
        "Promise.all) over the rows of an earlier query, and compares a column with a value of the row, also "
        "in SQL that `db.execute()` gets as a template or a string. The query may be in a function of the "
        "project that the loop calls, or prepared before. The rows may come from a function, from a relation "
        "of an earlier query's rows, or from a Map, Set or object that a loop over rows fills. Not reported "
        "are batches (inArray), queries with a range that depends on the row, rows that a small limit keeps "
        "few, loops that end in their first round, functions that call themselves to walk over a tree, that "
        "keep results in a cache, or that have a transaction of their own, and code in tests, seeds, "
        "migrations and scripts. In files that are named after jobs, queues or workers, where code filters "
        "the rows before the loop, and where each round also waits for something else, the finding is a "
        "note. All queries of a loop are one finding. n-plus-one-query finds the same in logs, in any "
        "language. With a log that shows the statement of the loop once for each row, both are one finding, "
        "which is confirmed.",
    .fix =
        "Collect the keys, fetch all rows with one query (`inArray`), and look them up in a Map; or join the "
        "table in the query that yields the rows; or, where relations() declares it, use `with` of a "
        "relational query.",
    .when_to_ignore = "The rows are always few.",
    .check = check};

}  // namespace pgadvise::rules::n_plus_one_query_in_code
