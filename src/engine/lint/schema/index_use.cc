#include "lint/schema/index_use.h"

#include <set>

#include "lint/schema/key_coverage.h"
#include "lint/schema/tables.h"

namespace pgadvise::lint {

std::map<const Index*, const Constraint*> needed_by_foreign_keys(const Context& context, const Table& table) {
  std::map<const Index*, const Constraint*> out;
  std::set<std::vector<std::string>> seen;
  for (const Constraint& key : foreign_keys(table)) {
    if (!seen.insert(key.columns).second) continue;
    Coverage best = Coverage::none;
    const Index* only = nullptr;  // nullptr: several are as good
    for (const Index* index : indexes_with_any(context, table, key.columns)) {
      const Coverage coverage = covers(*index, table, key.columns);
      if (coverage > best) best = coverage, only = index;
      else if (coverage == best) only = nullptr;
    }
    if (only) out.emplace(only, &key);
  }
  return out;
}

IndexStatistics summed(const Context& context, const Table& table, const Index& index) {
  IndexStatistics out = index.statistics.value_or(IndexStatistics{});
  if (table.kind != Table::Kind::partitioned) return out;
  for (const Table* partition : context.partitions_of(table.name))
    for (const auto& part : partition->indexes) {
      if (part.attached_to != index.name) continue;
      const IndexStatistics below = summed(context, *partition, part);
      out.scans += below.scans;
      out.pages += below.pages;
    }
  return out;
}

Finding& report_index(Reporter& reporter, const Table& table, const Index& index, std::string_view what,
                      std::optional<Severity> severity) {
  return reporter.add(index_subject(table.name, index.name), index.origin,
                      "The index " + index.name + " on " + display(table.name) + std::string(what), severity);
}

double distinct_values(const Table& table, const Column& column) {
  if (!column.statistics) return 0;
  if (column.statistics->n_distinct >= 0) return column.statistics->n_distinct;
  return table.statistics && table.statistics->rows > 0
             ? -column.statistics->n_distinct * table.statistics->rows
             : 0;
}

}  // namespace pgadvise::lint
