#include "lint/index_sql.h"
#include "lint/index_use.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option max_values{
    .name = "most_values", .fallback = 5, .meaning = "distinct values up to which a column is poor in them"};
constexpr Option least_rows{.name = "least_rows",
                            .fallback = 100000,
                            .table_size = true,
                            .meaning = "rows of the table below which the index is too cheap to speak of"};
constexpr const Option* options[] = {&max_values, &least_rows};

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
      // Nearly all null: the index holds the few that are not, and is as good as partial.
      if (column->statistics->null_fraction > 0.9) continue;
      Finding& finding = reporter.add(
          {.kind = "index", .schema = table->name.schema, .table = table->name.name, .index = index.name},
          "The index " + index.name + " on " + display(table->name) + " (" + column->name + ") " +
              (values < 2 ? "holds one value in " : "tells " + grouped(values) + " values apart in ") +
              grouped(table->statistics->rows) +
              " rows: at most a rare one of them is worth a look-up, and a partial index serves that "
              "better.");
      finding.location = index.origin;
      if (column->statistics->most_common_freq > 0)
        finding.evidence.push_back(catalog_fact("the most common value stands in " +
                                                grouped(100 * column->statistics->most_common_freq) +
                                                " % of the rows"));
      const IndexStatistics use = summed(context, *table, index);
      finding.evidence.push_back(catalog_fact(grouped(static_cast<double>(use.scans)) +
                                              " scans since statistics began, " +
                                              bytes_text(static_cast<double>(use.pages) * 8192)));
      Fix fix = drop_index(*table, index, Fix::Safety::manual);
      fix.title = "Drop it once a partial index, or none, serves the queries that use it";
      finding.fix = std::move(fix);
    }
  }
}

}  // namespace

constinit const Rule low_cardinality_index{
    .id = "low-cardinality-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index on a column of few values",
    .why =
        "A look-up by a value that a quarter of the rows share reads most of the table's pages either way, "
        "and the planner prefers to read the table. "
        "Such an index earns its keep for a rare value alone (the few rows that are still open): then a "
        "partial index finds the same rows and is a "
        "hundredth as large, or the column belongs behind or before another that tells rows apart.\n\n"
        "B-trees over one column, not partial, not unique, that serve no foreign key.",
    .fix =
        "A partial index for the rare value that queries ask for, or an index over this column and the one "
        "they sort or filter by besides.",
    .when_to_ignore =
        "Queries ask for the rare values, and the index is small enough; or they only count or sort by the "
        "column.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
