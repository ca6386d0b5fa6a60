#include "lint/loops.h"
#include "lint/queries.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_rows{
    .name = "rows", .fallback = 1000, .meaning = "rows passed over from which an OFFSET is deep"};
static constexpr Option warn_rows{
    .name = "warn_rows", .fallback = 10000, .meaning = "rows passed over from which it is a warning"};
static constexpr const Option* options[] = {&min_rows, &warn_rows};

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (facts.kind != StatementKind::select || facts.catalog_query || !facts.largest_offset) continue;
    const auto offset = static_cast<double>(*facts.largest_offset);
    if (offset < context.option(min_rows)) continue;
    double shown = 1000;  // the magnitude, not the logged value
    while (shown * 10 <= offset) shown *= 10;
    const QualifiedName table = lint::main_table(query);
    Finding& finding =
        lint::report(reporter, query, table,
                     "A page of the query" + lint::on_table(table) + " begins behind " +
                         lint::grouped(shown) + " rows or more: all of them are read and thrown away first.",
                     offset < context.option(warn_rows) ? std::optional(Severity::note) : std::nullopt);
    finding.fix = Fix{
        .title =
            "Page by key: WHERE the sort columns are beyond those of the last row shown, in place of OFFSET",
        .safety = Fix::Safety::manual};
  }
}

constinit const Rule deep_offset{
    .id = "deep-offset",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "paging by a large OFFSET",
    .why =
        "OFFSET n makes the server find, sort and throw away n rows before the first one that counts: each "
        "page costs more than the one "
        "before, and a loop over all pages reads the table over and over. When rows come or go meanwhile, "
        "pages repeat or skip some.\n\n"
        "It is told from the values in the log: a note from a thousand rows, a warning from ten thousand.",
    .fix =
        "Go on from the last row's key: `WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC "
        "LIMIT 50`, with an index on the same "
        "columns. To read everything, use COPY or a cursor.",
    .when_to_ignore =
        "A page number that people may jump to is part of the product, and hardly anybody goes that far.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
