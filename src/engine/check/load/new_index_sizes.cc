#include "check/load/new_index_sizes.h"

#include <algorithm>
#include <map>

#include "advisor/costs/size.h"
#include "base/containers.h"
#include "model/schema/ddl.h"
#include "plan/insights/plan_change.h"

namespace pgadvise::check {
namespace {

constexpr std::int64_t page = page_bytes;

RelationSize estimated(const Table& table, const Index& index, const Catalog& production) {
  IndexProposal proposal = ddl::proposal_of(table.name, index);
  proposal.predicate.reset();
  constexpr std::int64_t partial = 10;
  const std::int64_t whole = advisor::index_size(proposal, production);
  const std::int64_t bytes = std::max(index.predicate ? whole / partial : whole, page);
  const double rows = table.statistics ? table.statistics->rows : -1;
  return {{table.name.schema, index.name},
          bytes,
          bytes / page,
          index.predicate && rows > 0 ? rows / static_cast<double>(partial) : rows,
          0};
}

}  // namespace

std::vector<RelationSize> with_new_indexes(std::vector<RelationSize> known, const Catalog& production,
                                           const Catalog& built) {
  if (known.empty()) return known;
  std::map<QualifiedName, RelationSize> sizes;
  for (auto& one : known) sizes.emplace(one.name, std::move(one));
  const std::map<QualifiedName, RelationSize> of_production = sizes;
  for (const auto& [name, table] : built.tables) {
    const Table* there = production.table(name);
    if (!there || table.kind == Table::Kind::partitioned) continue;
    for (const auto& index : table.indexes) {
      const Index* same = there->index(index.name);
      if (same && plan::same_definition(*same, index)) continue;
      const auto* alike =
          find_first(there->indexes, [&](const Index& other) { return plan::same_definition(other, index); });
      const auto* size = alike ? find_value(of_production, QualifiedName{name.schema, alike->name}) : nullptr;
      RelationSize entry = size ? *size : estimated(*there, index, production);
      entry.name = {name.schema, index.name};
      sizes.insert_or_assign(entry.name, std::move(entry));
    }
  }
  std::vector<RelationSize> out;
  for (auto& [name, size] : sizes) out.push_back(std::move(size));
  return out;
}

}  // namespace pgadvise::check
