#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::deep_offset {

static constexpr Option min_rows{"rows", 1000, "skipped rows from which an OFFSET is reported"};
static constexpr Option warn_rows{"warn_rows", 10000, "skipped rows from which it is a warning"};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (facts.kind != StatementKind::select || facts.catalog_query || !facts.largest_offset) continue;
    const auto offset = static_cast<double>(*facts.largest_offset);
    if (offset < context.option(min_rows)) continue;
    double shown = 1000;  // the order of magnitude, not the logged value
    while (shown * 10 <= offset) shown *= 10;
    const QualifiedName table = main_table(query);
    Finding& finding =
        report(reporter, query, table,
               "A page of the query" + on_table(table) + " skips " + grouped(shown) +
                   " rows or more: the server reads and discards all of them first.",
               offset < context.option(warn_rows) ? std::optional(Severity::note) : std::nullopt);
    finding.fix = manual_fix(
        "Use keyset pagination: a WHERE on the sort columns that continues after the last row shown, instead "
        "of OFFSET");
  }
}

constinit const Rule rule{
    .id = "deep-offset",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "pagination with a large OFFSET",
    .why =
        "With OFFSET n, the server finds, sorts and discards n rows before it returns the first one. Each "
        "page costs more than the one before, and a loop over all pages reads the table many times. If rows "
        "are inserted or deleted meanwhile, pages repeat or skip rows.\n\n"
        "The rule uses the values in the log. The finding is a note from a thousand rows, and a warning from "
        "ten thousand.",
    .fix =
        "Continue from the key of the last row: `WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, "
        "id DESC LIMIT 50`, with an index on the same columns. To read everything, use COPY or a cursor.",
    .when_to_ignore = "Page numbers are part of the product, and users rarely open such a late page.",
    .options = {&min_rows, &warn_rows},
    .check = check};

}  // namespace pgadvise::rules::deep_offset
