#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::over_indexed_table {
namespace {

constexpr Option least_writes{
    "least_writes", 100000,
    "rows written in that time below which the index maintenance cost is too small to report"};
constexpr Option writes_per_scan{"writes_per_scan", 100,
                                 "rows written for each scan of an index from which the index is idle"};
constexpr Option idle_indexes{"idle_indexes", 3, "idle indexes from which a table is reported"};

void check(const Context& context, Reporter& reporter) {
  const auto& days = context.catalog().statistics_days;
  if (!days || *days < context.option(least_days)) return;
  for (const Table* table : checked_tables(context)) {
    const double writes = table->statistics ? static_cast<double>(table->statistics->writes) : 0;
    if (writes < context.option(least_writes)) continue;
    std::vector<Evidence> idle;
    const auto needed = needed_by_foreign_keys(context, *table);
    for (const auto& index : table->indexes) {
      if (index.unique || !index.valid || !droppable(index) || !index.statistics || needed.count(&index))
        continue;
      const IndexStatistics use = summed(context, *table, index);
      if (static_cast<double>(use.scans) * context.option(writes_per_scan) > writes) continue;
      idle.push_back(catalog_fact(index.name + ": " + grouped(use.scans) + " scans, " +
                                      bytes_text(static_cast<double>(use.pages) * page_bytes) + ", " +
                                      definition(index),
                                  index.origin));
    }
    if (idle.size() < context.option(idle_indexes)) continue;
    Finding& finding =
        reporter.add(table_subject(table->name), table->origin,
                     display(table->name) + " has " + std::to_string(table->indexes.size()) +
                         " indexes, of which " + std::to_string(idle.size()) + " are rarely scanned, while " +
                         grouped(writes) + " rows were written in " + grouped(*days) + " days.");
    finding.evidence = std::move(idle);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "over-indexed-table",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "a frequently written table with indexes that are rarely scanned",
    .why =
        "Every INSERT writes to every index. An UPDATE that changes an indexed column cannot be a HOT update "
        "and writes to every index as well. If an index is scanned at most once in a hundred writes, it "
        "costs more than it gains.\n\n"
        "Indexes of constraints, unique indexes, and indexes that alone serve a foreign key are not counted.",
    .fix =
        "Drop the indexes that no important query needs. Combine several indexes into one over more columns.",
    .when_to_ignore = "The few reads matter more than the writes, or run on a replica.",
    .options = {&least_days, &least_writes, &writes_per_scan, &idle_indexes},
    .check = check};

}  // namespace pgadvise::rules::over_indexed_table
