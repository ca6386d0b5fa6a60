#include "advisor/candidates/alternatives.h"

#include <algorithm>
#include <map>

#include "advisor/candidates/candidates.h"
#include "advisor/costs/maintenance_cost.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/queries/referenced_columns.h"
#include "base/text/identifier.h"

namespace pgadvise::advisor {
namespace {

constexpr std::size_t most = 16;

bool bare(const Predicate& predicate, const QualifiedName& table) {
  return predicate.column.table == table && predicate.wrapper.empty() &&
         predicate.value != Predicate::Value::column;
}

}  // namespace

std::vector<plan::IndexSetProposal> alternatives(const Query& query, const QualifiedName& table,
                                                 const Catalog& catalog, EntrySizes& sizes) {
  auto referenced = referenced_columns(query.text, query.facts, catalog);
  std::erase_if(referenced, [&](const auto& entry) { return entry.first != table; });
  std::vector<std::vector<IndexProposal>> sets;
  std::map<int, std::vector<IndexProposal>> of_ors;
  for (const auto& predicate : query.facts.predicates) {
    if (!bare(predicate, table)) continue;
    const IndexKey key{.column = predicate.column.column};
    const bool null = predicate.op == Predicate::Op::is_null;
    if ((null || predicate.op == Predicate::Op::is_not_null) && !predicate.under_or)
      sets.push_back({{.table = table,
                       .keys = {key},
                       .predicate = quote_identifier(key.column) + (null ? " IS NULL" : " IS NOT NULL")}});
    if (predicate.or_group > 0) of_ors[predicate.or_group].push_back({.table = table, .keys = {key}});
  }
  for (auto& [group, indexes] : of_ors)
    if (indexes.size() > 1) sets.push_back(std::move(indexes));
  auto single = candidates(query.facts, referenced, catalog, {.max_width = 2});
  std::ranges::stable_sort(single,
                           [](const auto& a, const auto& b) { return a.keys.size() < b.keys.size(); });
  for (auto& one : single) sets.push_back({std::move(one)});
  std::vector<plan::IndexSetProposal> out;
  for (auto& indexes : sets) {
    std::string note;
    const bool fits = std::ranges::all_of(indexes, [&](const IndexProposal& one) {
      const Fitted fitted = sizes.fit(one);
      note = fitted.note;
      return fitted.proposal == one;
    });
    if (fits && out.size() < most) out.push_back({std::move(indexes), std::move(note)});
  }
  return out;
}

plan::ConfirmOptions confirm_options(const Catalog& catalog, EntrySizes& sizes) {
  plan::ConfirmOptions out;
  out.alternatives = [&](const Query& query, const QualifiedName& table) {
    return alternatives(query, table, catalog, sizes);
  };
  out.hypothetical = [&](const IndexProposal& proposal) { return hypothetical_indexes(proposal, catalog); };
  out.maintenance_cost = [&](const IndexProposal& proposal, const QueryFacts& facts, double rows) {
    return maintenance_cost(proposal, {{&facts, rows}}, catalog);
  };
  return out;
}

}  // namespace pgadvise::advisor
