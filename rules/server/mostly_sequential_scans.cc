#include <algorithm>

#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::mostly_sequential_scans {
namespace {

constexpr Option min_rows = size_option("rows", 10000, "rows below which a table is not reported");
constexpr Option min_scans{"scans", 1000, "sequential scans below which a table is not reported"};
constexpr Option min_share{"share", 0.5, "share of the scans of a table that must be sequential"};
// With two parallel workers, each of the three processes counts a scan and reads a third of the rows.
constexpr Option min_read{"read_share", 0.2, "share of the rows that a sequential scan must read on average"};

// The rows that the sequential scans would have read if each had read its whole table or partition.
double rows_of_full_scans(const Context& context, const Table& table) {
  if (table.kind != Table::Kind::partitioned)
    return !table.statistics ? 0
                             : static_cast<double>(table.statistics->sequential_scans) *
                                   std::max(table.statistics->rows, 0.0);
  double sum = 0;
  for (const Table* partition : context.partitions_of(table.name))
    sum += rows_of_full_scans(context, *partition);
  return sum;
}

// Share of a table's rows that its sequential scans read on average; 0: unknown. A LIMIT or EXISTS ends a
// scan early.
double share_read(const Context& context, const Table& table) {
  const double full = rows_of_full_scans(context, table);
  return full > 0 ? std::min(static_cast<double>(table.statistics->sequential_rows) / full, 1.0) : 0;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(min_rows)) continue;
    const auto sequential = static_cast<double>(table->statistics->sequential_scans);
    const double all = sequential + static_cast<double>(table->statistics->index_scans);
    if (sequential < context.option(min_scans) || sequential < all * context.option(min_share)) continue;
    const double read = share_read(context, *table);
    if (read < context.option(min_read)) continue;
    Finding& finding =
        reporter.add(table_subject(table->name), table->origin,
                     display(table->name) + " is read mostly by sequential scans: " + grouped(sequential) +
                         " of " + grouped(all) + " scans, and each reads " + grouped(100 * read) +
                         " % of its " + grouped(table->statistics->rows) + " rows on average.");
    if (const auto days = context.catalog().statistics_days)
      finding.evidence.push_back(
          catalog_fact("within " + grouped(*days) + " days, according to pg_stat_user_tables"));
    finding.fix = manual_fix(
        "Find the statements in pg_stat_statements or a log (auto_explain), and give pgadvise the log: "
        "sequential-scan then names the statement and the index");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "mostly-sequential-scans",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "a large table that is read mostly by sequential scans",
    .why =
        "The server counts sequential scans and index scans of each table. Where a large table is read "
        "mostly by sequential scans, an index is missing or cannot be used: a condition without an index, a "
        "function or a cast around the column. Each scan reads much of the table, and can displace other "
        "files from the operating system's cache. The counters do not show which statement scans.\n\n"
        "Scans that end early, as those for LIMIT 1 do, are left out: the server also counts the rows that "
        "sequential scans read. Snapshots of earlier versions lack this number, and cause no finding.",
    .fix = "Find the statement in a log, and create the index or rewrite the condition.",
    .when_to_ignore = "The scans are those of exports, reports or queues that read most of the rows.",
    .options = {&min_rows, &min_scans, &min_share, &min_read},
    .check = check};

}  // namespace pgadvise::rules::mostly_sequential_scans
