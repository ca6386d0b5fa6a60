#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unused_index {
namespace {

constexpr Option least_rows =
    size_option("least_rows", 10000, "rows of the table below which its indexes are not reported");
constexpr Option least_pages =
    size_option("least_pages", 128, "pages of the index (8 kB each) below which it is not reported");

void check(const Context& context, Reporter& reporter) {
  const auto& days = context.catalog().statistics_days;
  if (!days || *days < context.option(least_days)) return;
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(least_rows)) continue;
    const auto needed = needed_by_foreign_keys(context, *table);
    for (const auto& index : table->indexes) {
      if (index.unique || !index.valid || !droppable(index) || !index.statistics) continue;
      const IndexStatistics use = summed(context, *table, index);
      if (use.scans > 0 || use.pages < context.option(least_pages) || needed.count(&index)) continue;
      Finding& finding =
          report_index(reporter, *table, index,
                       " (" + bytes_text(static_cast<double>(use.pages) * page_bytes) +
                           ") has not been scanned for " + grouped(*days) + " days on this server.");
      finding.evidence.push_back(catalog_fact(definition(index), index.origin));
      finding.evidence.push_back(
          catalog_fact("no scan since the statistics were reset " + grouped(*days) + " days ago, " +
                       grouped(table->statistics->writes) +
                       " rows of the table written since then; replicas have statistics of their own"));
      finding.fix = drop_index(*table, index, Fix::Safety::review);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unused-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index that no query has scanned",
    .why =
        "An index that no query scans still slows down writes, vacuum and backups, and takes space in the "
        "cache. Indexes of constraints, unique indexes, the replica identity and indexes that alone serve a "
        "foreign key are not reported, because they have other purposes.\n\n"
        "The counts cover only this server, since its statistics were reset. They include neither scans on a "
        "read replica nor a job that runs once a quarter.",
    .fix = "Check every replica, then run DROP INDEX CONCURRENTLY.",
    .when_to_ignore = "A replica or a rare job uses the index, or the server was promoted recently.",
    .options = {&least_days, &least_rows, &least_pages},
    .check = check};

}  // namespace pgadvise::rules::unused_index
