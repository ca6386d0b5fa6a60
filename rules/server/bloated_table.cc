#include <cmath>

#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::bloated_table {
namespace {

constexpr Option least_bytes =
    size_option("least_bytes", 524288000, "bytes of wasted space below which a table is not reported");
constexpr Option min_share{"share", 0.5, "share of the table that must be wasted space"};

// Estimated pages of the rows after a rewrite, from the average widths in pg_stats; values that are stored
// out of line count as their pointer there. Returns 0 where a width is unknown.
double rewritten_pages(const Table& table) {
  constexpr double page = page_bytes - 24;  // without the page header
  double width = 0;
  bool nulls = false;
  for (const auto& column : table.columns) {
    if (!column.statistics || (column.statistics->average_width <= 0 && column.statistics->null_fraction < 1))
      return 0;
    // Without its alignment, which takes at most 7 bytes.
    width += (column.statistics->average_width + 7) * (1 - column.statistics->null_fraction);
    nulls = nulls || column.statistics->null_fraction > 0;
  }
  const double bitmap = nulls ? std::ceil(static_cast<double>(table.columns.size()) / 8) : 0;
  const double header = std::ceil((23 + bitmap) / 8) * 8;
  const double row = header + std::ceil(width / 8) * 8 + 4;  // with the line pointer
  return std::ceil(table.statistics->rows * row / (page * table.fillfactor / 100)) + 1;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    if (table->kind != Table::Kind::ordinary || !table->statistics || table->statistics->rows < 1 ||
        table->columns.empty())
      continue;
    const double expected = rewritten_pages(*table);
    const double pages = static_cast<double>(table->statistics->pages);
    const double wasted = pages - expected;
    if (expected <= 0 || wasted < pages * context.option(min_share) ||
        wasted * page_bytes < context.option(least_bytes))
      continue;
    Finding& finding =
        reporter.add(table_subject(table->name), table->origin,
                     display(table->name) + " is bloated: it takes " + bytes_text(pages * page_bytes) +
                         ", and its rows would take about " + bytes_text(expected * page_bytes) +
                         ": each sequential scan reads the unused space, too, and the cache holds it.");
    finding.evidence.push_back(catalog_fact(grouped(table->statistics->rows) + " rows, " +
                                            grouped(table->statistics->dead_rows) + " dead"));
    finding.fix = manual_fix(
        "Remove the cause first (autovacuum that is too slow, a long transaction); then rewrite the table "
        "online with pg_repack or pg_squeeze, or with VACUUM FULL in a maintenance window");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "bloated-table",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "a table that is mostly empty space",
    .why =
        "VACUUM makes the space of deleted rows available again, and seldom returns it to the file system. A "
        "table that was much larger, or that changed faster than autovacuum could clean it, stays large: "
        "sequential scans read the empty pages, the cache holds them, and backups copy them. pgadvise "
        "estimates the size from the number of rows, the average widths in pg_stats and the table's "
        "fillfactor. Because this is an estimate, only large losses are reported.",
    .fix =
        "Rewrite the table with pg_repack or pg_squeeze, or with VACUUM FULL, which blocks reads and writes "
        "meanwhile.",
    .when_to_ignore = "The space will be filled again.",
    .options = {&least_bytes, &min_share},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::bloated_table
