#include <cmath>

#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::bloated_index {
namespace {

constexpr Option least_bytes =
    size_option("least_bytes", 104857600, "bytes of wasted space below which an index is not reported");
constexpr Option min_share{"share", 0.5, "share of the index that must be wasted space"};

// Estimated pages of a rebuilt B-tree over these rows, from the average column widths in pg_stats. Returns 0
// where a width is unknown. Deduplication (PostgreSQL 13 and later) makes the real index smaller than the
// estimate, so the rule reports too little rather than too much.
double rebuilt_pages(const Table& table, const Index& index) {
  constexpr double page = page_bytes - 24 - 16;  // without the page header and the B-tree special space
  constexpr double fill = 0.9;
  double width = 0;
  const auto add = [&](const std::string& name) {
    const Column* column = table.column(name);
    if (!column || !column->statistics || column->statistics->average_width <= 0) return false;
    width += column->statistics->average_width;
    return true;
  };
  for (const auto& key : index.keys)
    if (key.column.empty() || !add(key.column)) return 0;
  for (const auto& column : index.include)
    if (!add(column)) return 0;
  const double entry = 8 + std::ceil(width / 8) * 8 + 4;  // header, aligned key, line pointer
  return std::ceil(table.statistics->rows * entry / (page * fill)) + 1;
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    // A partitioned table has no pages of its own; its partitions do.
    if (table.kind != Table::Kind::ordinary || table.temporary || !table.statistics ||
        table.statistics->rows < 1)
      continue;
    for (const auto& index : table.indexes) {
      if (index.method != "btree" || index.predicate || !index.valid || !index.statistics) continue;
      const double expected = rebuilt_pages(table, index);
      const double pages = static_cast<double>(index.statistics->pages);
      const double wasted = pages - expected;
      if (expected <= 0 || wasted < pages * context.option(min_share) ||
          wasted * page_bytes < context.option(least_bytes))
        continue;
      Finding& finding =
          report_index(reporter, table, index,
                       " is bloated: it takes " + bytes_text(pages * page_bytes) + ", and would take about " +
                           bytes_text(expected * page_bytes) + " after a rebuild.");
      finding.evidence.push_back(
          catalog_fact(grouped(table.statistics->rows) + " rows, " + definition(index), index.origin));
      finding.fix = rebuild_index(table, index);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "bloated-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index that is mostly empty space",
    .why =
        "Deletions and updates leave nearly empty pages in an index. Such an index takes more of the cache "
        "and needs more reads than its entries require. pgadvise estimates the size after a rebuild from the "
        "number of rows and the average widths of the columns. Because this is an estimate, only large "
        "losses are reported.\n\n"
        "The rule checks B-tree indexes over plain columns, without a predicate.",
    .fix = "`REINDEX INDEX CONCURRENTLY` (PostgreSQL 12 and later).",
    .when_to_ignore =
        "The table is being filled again, or the keys arrive in random order, which normally leaves a third "
        "of each page free.",
    .options = {&least_bytes, &min_share},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::bloated_index
