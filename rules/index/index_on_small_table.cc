#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::index_on_small_table {
namespace {

constexpr Option max_rows = size_option("most_rows", 1000, "rows up to which a table is small");

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    const double rows = table->statistics ? table->statistics->rows : -1;
    if (rows < 0 || rows > context.option(max_rows)) continue;
    const auto needed = needed_by_foreign_keys(context, *table);
    for (const auto& index : table->indexes) {
      if (index.unique || !index.valid || !droppable(index) || needed.count(&index)) continue;
      Finding& finding = report_index(
          reporter, *table, index,
          " is on a table of " + grouped(rows) + " rows: a sequential scan of so few rows is faster.");
      finding.fix = drop_index(*table, index, Fix::Safety::review);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "index-on-small-table",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index on a table of a few pages",
    .why =
        "The planner scans a table of a few pages sequentially, because that is faster than an index scan. "
        "It never uses the index. The index does no harm and the table may grow, so this rule is off by "
        "default.\n\n"
        "Indexes of constraints, unique indexes and indexes that serve a foreign key are not reported.",
    .fix = "Drop the index, if the table stays small.",
    .when_to_ignore = "The table will grow.",
    .options = {&max_rows},
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules::index_on_small_table
