#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::low_cardinality_index {
namespace {

constexpr Option max_values{"most_values", 5, "distinct values up to which a column has low cardinality"};
constexpr Option least_rows =
    size_option("least_rows", 100000, "rows of the table below which its indexes are not reported");

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(least_rows)) continue;
    const auto needed = needed_by_foreign_keys(context, *table);
    for (const auto& index : table->indexes) {
      const bool plain = index.method == "btree" && !index.unique && index.valid && !index.predicate &&
                         index.keys.size() == 1 && index.include.empty() && droppable(index);
      const Column* column = plain ? table->column(index.keys[0].column) : nullptr;
      const double values = column ? distinct_values(*table, *column) : 0;
      if (values < 1 || values > context.option(max_values) || needed.count(&index)) continue;
      // Nearly all values are null: only the few others are looked up, so the index works like a partial one.
      if (column->statistics->null_fraction > 0.9) continue;
      Finding& finding = report_index(reporter, *table, index,
                                      " (" + column->name + ") " +
                                          (values < 2 ? "has one distinct value in "
                                                      : "has " + grouped(values) + " distinct values in ") +
                                          grouped(table->statistics->rows) +
                                          " rows: only a rare value is worth an index scan, and a partial "
                                          "index serves a rare value better.");
      if (column->statistics->most_common_freq > 0)
        finding.evidence.push_back(catalog_fact("the most common value is in " +
                                                grouped(100 * column->statistics->most_common_freq) +
                                                " % of the rows"));
      const IndexStatistics use = summed(context, *table, index);
      finding.evidence.push_back(catalog_fact(grouped(use.scans) +
                                              " scans since the statistics were reset, " +
                                              bytes_text(static_cast<double>(use.pages) * page_bytes)));
      Fix fix = drop_index(*table, index, Fix::Safety::manual);
      fix.title = "Drop the index once the queries that use it have a partial index or need none";
      finding.fix = std::move(fix);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "low-cardinality-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index on a column with few distinct values",
    .why =
        "A look-up by a value that a quarter of the rows share reads most of the table's pages, with or "
        "without the index. The planner then prefers a sequential scan. Such an index is useful only for a "
        "rare value, for example the few rows that are still open. A partial index finds the same rows and "
        "is a hundredth as large. Alternatively, combine the column in one index with a more selective "
        "column.\n\n"
        "The rule checks B-trees over one column that are neither partial nor unique and serve no foreign "
        "key.",
    .fix =
        "Create a partial index for the rare value that queries look up. Or create an index over this column "
        "and another one that the queries filter or sort by.",
    .when_to_ignore =
        "Queries look up the rare values and the index is small enough, or queries only count or sort by the "
        "column.",
    .options = {&max_values, &least_rows},
    .check = check};

}  // namespace pgadvise::rules::low_cardinality_index
