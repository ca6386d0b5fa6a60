#include <optional>

#include "lint/queries/code.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unbounded_result_in_code {
namespace {

constexpr Option min_rows{"min_rows", 1000,
                          "rows of a table, where they are known, below which a query may return all"};

bool asks_for_one_row(const Context& context, const CodeQuery& query) {
  if (contains(query.equal_columns, "id")) return true;
  if (!context.has_catalog() || query.equal_columns.empty()) return false;
  // A table of another schema of the repository: which of its columns are unique is not known here.
  const Table* table = context.table(query.tables.front());
  return !table || unique_among(*table, query.equal_columns);
}

bool may_return_all(const Context& context, const CodeQuery& query) {
  if (!(query.awaited || query.then) || query.limited || query.first || query.aggregate || query.grouped ||
      query.distinct || query.narrowed || query.locks || query.tables.empty())
    return false;
  return !asks_for_one_row(context, query);
}

void check(const Context& context, Reporter& reporter) {
  const double least = context.option(min_rows);
  CodeSubjects subjects;
  for (const auto& [query, request] : code_facts(context)->in_requests) {
    if (!may_return_all(context, query)) continue;
    const auto rows = rows_of(context, query.tables.front());
    if (rows && *rows < least) continue;
    Finding& finding = reporter.add(subjects.make(query, query.place.file, query.function),
                                    located(context.project(), query.place),
                                    statement_of(query) + " in " + request.entry + " returns all rows" +
                                        (rows ? ", " + grouped(*rows) + " now" : "") +
                                        ": each request takes longer, and more memory, as the table grows.",
                                    rows ? std::optional(Severity::warning) : std::nullopt);
    add_request(finding, context, request);
    finding.fix =
        manual_fix("Add a limit, and return pages: by a key (where id > the last one) or by offset");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unbounded-result-in-code",
    .severity = Severity::note,
    .needs = Input::code,
    .summary = "a request that reads all rows of a table",
    .why =
        "A query without a limit and without a condition that leaves few rows returns the whole table. It is "
        "fast with the rows of a new application, and becomes slower with each row: the server reads and "
        "sends all of them, and the application keeps them in memory for each request at the same time.\n\n"
        "pgadvise reads the Drizzle queries in TypeScript and JavaScript, and which functions run for a "
        "request: route handlers, pages and server actions of Next.js, handlers of Express, Fastify and "
        "Hono, tRPC procedures, controllers and resolvers of NestJS, endpoints, load functions and form "
        "actions of SvelteKit, loaders and actions of Remix, and the functions of the project that these "
        "call. Reported are `select` and `findMany` without a limit, whose conditions compare only with "
        "constants, or check for NULL, in each alternative of `or()`. Not reported are aggregates, groups, "
        "DISTINCT, a comparison with a unique key, and queries that fill a cache once.\n\n"
        "How many rows a table has is not in the code: the findings are notes. With a database or its "
        "snapshot, a table with fewer than `min_rows` rows is left out, and for others the finding is a "
        "warning.",
    .fix = "Add a limit and return pages, or a condition that leaves few rows.",
    .when_to_ignore = "The table always has few rows, such as a list of countries, or an export needs all.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::unbounded_result_in_code
