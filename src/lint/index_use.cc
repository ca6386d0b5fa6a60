#include "lint/index_use.h"

#include <algorithm>

#include "lint/key_coverage.h"

namespace pgadvise::lint {

const Constraint* serves_foreign_key(const Table& table, const Index& index) {
  for (const auto& key : table.constraints) {
    if (key.kind != Constraint::Kind::foreign_key) continue;
    const Coverage coverage = covers(index, table, key.columns);
    if (coverage == Coverage::none) continue;
    const bool another = std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& other) {
      return &other != &index && covers(other, table, key.columns) >= coverage;
    });
    if (!another) return &key;
  }
  return nullptr;
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

double distinct_values(const Table& table, const Column& column) {
  if (!column.statistics) return 0;
  if (column.statistics->distinct >= 0) return column.statistics->distinct;
  return table.statistics && table.statistics->rows > 0 ? -column.statistics->distinct * table.statistics->rows : 0;
}

}  // namespace pgadvise::lint
