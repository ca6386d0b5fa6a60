#include "lint/queries/code.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::limit_without_order_in_code {
namespace {

// Of one row, of rows that a unique key chooses, of rows that a worker claims, and of one that is there or
// not, the order does not matter. With an offset, offset-without-order-in-code reports the query.
bool order_matters(const Context& context, const CodeQuery& query) {
  if (query.kind != CodeQuery::Kind::select || !query.awaited || !query.limited || query.first ||
      query.has_offset || query.ordered || query.grouped || query.aggregate || query.locks ||
      query.any_rows || query.tables.empty() || contains(query.equal_columns, "id"))
    return false;
  const Table* table = context.table(query.tables.front());
  return !table || !unique_among(*table, query.equal_columns);
}

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& query : code_facts(context)->queries) {
    if (!order_matters(context, query)) continue;
    Finding& finding = reporter.add(
        subjects.make(query, query.place.file, query.function), located(context.project(), query.place),
        statement_of(query) + " has a limit but no order: the plan decides which rows the query returns.");
    finding.fix = manual_fix("Add orderBy() with the columns that say which rows come first");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "limit-without-order-in-code",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary = "the first rows of a query that has no order",
    .why =
        "Without ORDER BY, PostgreSQL returns rows in the order in which the plan finds them. Which rows are "
        "among the first is then another answer after an update, a VACUUM or with another plan: a list of "
        "the latest orders shows any orders.\n\n"
        "pgadvise reads the Drizzle queries in TypeScript and JavaScript: `.limit()` without `.orderBy()`, "
        "and findMany with `limit` without `orderBy`. Not reported are limits of one row, comparisons with a "
        "unique key, groups, queries that lock rows, batches that a loop deletes or updates before it takes "
        "the next one, and a limit of 2 where the code compares the number of rows. "
        "offset-without-order-in-code reports pages by offset.",
    .fix = "Add `orderBy()` with the columns that say which rows come first, and a unique one at its end.",
    .when_to_ignore = "Any rows will do, as for a sample or for a batch of work.",
    .check = check};

}  // namespace pgadvise::rules::limit_without_order_in_code
