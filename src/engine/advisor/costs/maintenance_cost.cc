#include "advisor/costs/maintenance_cost.h"

#include <algorithm>

#include "advisor/queries/referenced_columns.h"
#include "base/text/text.h"

namespace pgadvise::advisor {
namespace {

constexpr double cost_of_insert = 1;
constexpr double cost_of_changed_column = 2;
constexpr double cost_of_other_update = 0.3;

bool holds(const IndexProposal& proposal, const std::string& column) {
  const auto names = [&](const std::string& text) { return contains(text, column); };
  return std::ranges::any_of(
             proposal.keys,
             [&](const IndexKey& key) { return key.column == column || names(key.expression); }) ||
         is_one_of(column, proposal.include) || (proposal.predicate && names(*proposal.predicate));
}

double cost_per_row(const IndexProposal& proposal, const QueryFacts& facts) {
  if (facts.kind == StatementKind::delete_) return 0;
  const bool changes = std::ranges::any_of(
      facts.updated, [&](const Assignment& set) { return holds(proposal, set.column.column); });
  if (facts.kind == StatementKind::update) return changes ? cost_of_changed_column : cost_of_other_update;
  return cost_of_insert;
}

}  // namespace

double maintenance_cost(const IndexProposal& proposal, const std::vector<Write>& writes,
                        const Catalog& catalog) {
  double sum = 0;
  const auto tables = partition_tree(proposal.table, catalog);
  for (const auto& write : writes)
    if (write.facts->target && tables.count(*write.facts->target))
      sum += write.rows * cost_per_row(proposal, *write.facts);
  return sum;
}

}  // namespace pgadvise::advisor
