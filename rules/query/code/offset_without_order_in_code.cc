#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::offset_without_order_in_code {
namespace {

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& query : code_facts(context)->queries) {
    // What is not awaited may get its order later.
    if (query.kind != CodeQuery::Kind::select || !query.has_offset || query.ordered || !query.awaited)
      continue;
    Finding& finding = reporter.add(
        subjects.make(query, query.place.file, query.function), located(context.project(), query.place),
        statement_of(query) + " has an offset but no order: pages may repeat rows and leave rows out.");
    finding.fix =
        manual_fix("Add orderBy() with columns that identify a row, such as the time and the primary key");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "offset-without-order-in-code",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary = "a page of rows by offset without an order",
    .why =
        "Without ORDER BY, PostgreSQL returns rows in any order, which changes with each update, VACUUM or "
        "plan. Pages by OFFSET then repeat some rows and leave others out.\n\n"
        "pgadvise reads the Drizzle queries in TypeScript and JavaScript: `.offset()` without `.orderBy()`, "
        "and findMany with `offset` without `orderBy`.",
    .fix = "Add `orderBy()` with columns that identify a row.",
    .when_to_ignore = "The order does not matter, as for a sample.",
    .check = check};

}  // namespace pgadvise::rules::offset_without_order_in_code
