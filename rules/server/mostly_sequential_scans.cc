#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_rows{.name = "rows",
                          .fallback = 10000,
                          .table_size = true,
                          .meaning = "rows below which a table is not reported"};
constexpr Option min_scans{
    .name = "scans", .fallback = 1000, .meaning = "sequential scans below which a table is not reported"};
constexpr Option min_share{
    .name = "share", .fallback = 0.5, .meaning = "share of the scans of a table that must be sequential"};
constexpr const Option* options[] = {&min_rows, &min_scans, &min_share};

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(min_rows)) continue;
    const auto sequential = static_cast<double>(table->statistics->sequential_scans);
    const double all = sequential + static_cast<double>(table->statistics->index_scans);
    if (sequential < context.option(min_scans) || sequential < all * context.option(min_share)) continue;
    Finding& finding = reporter.add(
        {.kind = "table", .schema = table->name.schema, .table = table->name.name},
        display(table->name) + " is read mostly by sequential scans: " + grouped(sequential) + " of " +
            grouped(all) + " scans read all of its " + grouped(table->statistics->rows) + " rows.");
    finding.location = table->origin;
    if (const auto days = context.catalog().statistics_days)
      finding.evidence.push_back(
          catalog_fact("within " + grouped(*days) + " days, according to pg_stat_user_tables"));
    finding.fix =
        Fix{.title =
                "Find the statements in pg_stat_statements or a log (auto_explain), and give pgadvise the "
                "log: sequential-scan then names the statement and the index",
            .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule mostly_sequential_scans{
    .id = "mostly-sequential-scans",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "a large table that is read mostly by sequential scans",
    .why =
        "The server counts sequential scans and index scans of each table. Where a large table is read "
        "mostly by sequential scans, an index is missing or cannot be used: a condition without an index, a "
        "function or a cast around the column. Each scan reads the whole table, and can displace other "
        "files from the operating system's cache. The counters do not show which statement scans.",
    .fix = "Find the statement in a log, and create the index or rewrite the condition.",
    .when_to_ignore = "The scans are those of exports, reports or queues that read most of the rows.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
