#include "lint/index_sql.h"
#include "lint/index_use.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least_days{
    .name = "least_days",
    .fallback = 14,
    .meaning = "days since statistics began to be counted; before that nothing is said"};
constexpr Option least_rows{.name = "least_rows",
                            .fallback = 10000,
                            .table_size = true,
                            .meaning = "rows of the table below which an index is too cheap to speak of"};
constexpr Option least_pages{
    .name = "least_pages",
    .fallback = 128,
    .table_size = true,
    .meaning = "pages of the index (8 kB each) below which it is too small to speak of"};
constexpr const Option* options[] = {&least_days, &least_rows, &least_pages};

void check(const Context& context, Reporter& reporter) {
  const auto& days = context.catalog().statistics_days;
  if (!days || *days < context.option(least_days)) return;
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(least_rows)) continue;
    const auto needed = needed_by_foreign_keys(context, *table);
    for (const auto& index : table->indexes) {
      if (index.unique || !index.valid || !droppable(index) || !index.statistics) continue;
      const IndexStatistics use = summed(context, *table, index);
      if (use.scans > 0 || static_cast<double>(use.pages) < context.option(least_pages) ||
          needed.count(&index))
        continue;
      Finding& finding = reporter.add(
          {.kind = "index", .schema = table->name.schema, .table = table->name.name, .index = index.name},
          "The index " + index.name + " on " + display(table->name) + " (" +
              bytes_text(static_cast<double>(use.pages) * 8192) + ") has not been scanned for " +
              grouped(*days) + " days on this server.");
      finding.location = index.origin;
      finding.evidence.push_back(catalog_fact(definition(index), index.origin));
      finding.evidence.push_back(
          catalog_fact("no scan since statistics began " + grouped(*days) + " days ago, " +
                       grouped(static_cast<double>(table->statistics->writes)) +
                       " rows of the table written meanwhile; replicas count for themselves"));
      finding.fix = drop_index(*table, index, Fix::Safety::review);
    }
  }
}

}  // namespace

constinit const Rule unused_index{
    .id = "unused-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index that nothing has scanned",
    .why =
        "An index that no query scans still costs each write, vacuum, backup and the cache. Those of "
        "constraints, those that alone serve a "
        "foreign key, unique ones and the replica identity have work of their own and are not reported.\n\n"
        "The counts are this server's, since its statistics began: scans on a read replica, or by a job that "
        "runs once a quarter, are not seen.",
    .fix = "Look at every replica, then DROP INDEX CONCURRENTLY.",
    .when_to_ignore = "A replica or a rare job uses it, or the server was just promoted.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
