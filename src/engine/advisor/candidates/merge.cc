#include "advisor/candidates/merge.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "advisor/candidates/candidates.h"
#include "advisor/queries/referenced_columns.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/index_comparison.h"

namespace pgadvise::advisor {
namespace {

using Keys = std::vector<IndexKey>;

// The same column or expression with the same operators; the direction may differ.
bool same_values(const IndexKey& a, const IndexKey& b) {
  return a.column == b.column && a.expression == b.expression && a.operator_class == b.operator_class &&
         a.collation == b.collation;
}

std::size_t equality_keys(const IndexProposal& proposal) {
  return std::min(proposal.equality_keys, proposal.keys.size());
}

bool any_of_values(Keys::const_iterator from, Keys::const_iterator to, const IndexKey& key) {
  return std::any_of(from, to, [&](const IndexKey& other) { return same_values(key, other); });
}

// The first `equal` of `narrow` in any order, then the others forward, or all backward.
bool leads(const Keys& narrow, std::size_t equal, const Keys& wide) {
  if (narrow.empty() || narrow.size() > wide.size()) return false;
  const auto rest = narrow.begin() + static_cast<std::ptrdiff_t>(equal);
  const auto behind = wide.begin() + static_cast<std::ptrdiff_t>(equal);
  for (auto key = narrow.begin(); key != rest; ++key)
    if (!any_of_values(wide.begin(), behind, *key)) return false;
  return std::equal(rest, narrow.end(), behind) ||
         std::equal(rest, narrow.end(), behind,
                    [](const IndexKey& a, const IndexKey& b) { return a == mirrored(b); });
}

bool holds(const IndexProposal& index, const std::string& column) {
  return has_column(index.keys, column) || is_one_of(column, index.include);
}

// Whether `wide` has the rows of the predicate of `narrow`, or finds them by its keys. `unrestricted`, a copy
// of `narrow`, then becomes the same proposal without a predicate.
bool serves_predicate(const IndexProposal& wide, const IndexProposal& narrow, IndexProposal& unrestricted) {
  if (wide.predicate == narrow.predicate) return true;
  if (wide.predicate || !narrow.predicate) return false;
  unrestricted.predicate.reset();
  for (const auto& key : narrow.keys)
    if (!key.column.empty() && narrow.predicate == quote_identifier(key.column) + " IS NOT NULL") return true;
  for (std::size_t at = 0; at < equality_keys(wide); ++at) {
    const std::string& column = wide.keys[at].column;
    if (column.empty() || has_column(narrow.keys, column)) continue;
    const std::string name = quote_identifier(column);
    if (narrow.predicate != name && narrow.predicate != "NOT " + name &&
        narrow.predicate != name + " IS NULL" && !narrow.predicate->starts_with(name + " = "))
      continue;
    unrestricted.keys.insert(unrestricted.keys.begin(), wide.keys[at]);
    unrestricted.equality_keys = equality_keys(narrow) + 1;
    return true;
  }
  return false;
}

// `narrow` first, then what `wide` has more.
IndexProposal beginning_with(const Keys& narrow, const IndexProposal& wide) {
  IndexProposal out = wide;
  out.keys = narrow;
  for (const auto& key : wide.keys)
    if (!any_of_values(narrow.begin(), narrow.end(), key)) out.keys.push_back(key);
  return out;
}

// The keys of `narrow`, its ordered ones also backward, with the further keys of `wide`.
std::optional<IndexProposal> reordered(const IndexProposal& wide, const IndexProposal& narrow) {
  if (wide.method != "btree" || narrow.method != "btree" || wide.predicate != narrow.predicate ||
      wide.table != narrow.table)
    return std::nullopt;
  IndexProposal asked = narrow;
  asked.include.clear();
  IndexProposal plain = wide;
  plain.include.clear();
  for (const bool backward : {false, true}) {
    Keys first = narrow.keys;
    if (backward)
      for (std::size_t at = equality_keys(narrow); at < first.size(); ++at) first[at] = mirrored(first[at]);
    IndexProposal out = beginning_with(first, wide);
    out.equality_keys = std::min(equality_keys(wide), equality_keys(narrow));
    IndexProposal index = out;
    index.include.clear();
    if (out.keys.size() == wide.keys.size() && serves(index, plain) && serves(index, asked)) return out;
  }
  return std::nullopt;
}

bool include_also(IndexProposal& index, const IndexProposal& other) {
  for (const auto& column : other.include)
    if (!holds(index, column)) index.include.push_back(column);
  std::erase_if(index.include, [&](const std::string& column) { return has_column(index.keys, column); });
  return index.include.size() <= max_included;
}

}  // namespace

bool serves(const IndexProposal& wide, const IndexProposal& narrow) {
  if (wide.table != narrow.table) return false;
  if (narrow.method == "hash" && wide.method == "btree")
    return !wide.keys.empty() && !narrow.keys.empty() && wide.predicate == narrow.predicate &&
           same_values(wide.keys.front(), narrow.keys.front());
  if (wide.method == "hash" && narrow.method == "btree")
    return narrow.keys.size() == 1 && equality_keys(narrow) == 1 && narrow.include.empty() &&
           wide.predicate == narrow.predicate && same_values(wide.keys.front(), narrow.keys.front());
  if (wide.method != narrow.method) return false;
  if (wide.method != "btree")
    return wide.keys == narrow.keys && wide.include == narrow.include && wide.predicate == narrow.predicate;
  IndexProposal asked = narrow;
  if (!serves_predicate(wide, narrow, asked)) return false;
  return leads(asked.keys, equality_keys(asked), wide.keys) &&
         std::ranges::all_of(narrow.include, [&](const std::string& column) { return holds(wide, column); });
}

std::optional<IndexProposal> united(const IndexProposal& one, const IndexProposal& other) {
  // Of two that serve each other, the first one stays.
  for (const auto& [wide, narrow] : {std::pair(&one, &other), std::pair(&other, &one)})
    if (serves(*wide, *narrow)) {
      IndexProposal out = *wide;
      // A column of the narrow one's predicate is an equality key of the wide one.
      const std::size_t free = equality_keys(*narrow) + (wide->predicate != narrow->predicate ? 1 : 0);
      out.equality_keys = std::min(equality_keys(*wide), free);
      return out;
    }
  for (const auto& [wide, narrow] : {std::pair(&one, &other), std::pair(&other, &one)}) {
    auto out = reordered(*wide, *narrow);
    if (out && include_also(*out, *narrow)) return out;
  }
  return std::nullopt;
}

MergedProposals merge_proposals(const std::vector<IndexProposal>& proposals) {
  MergedProposals out;
  out.member.resize(proposals.size());
  std::vector<std::optional<IndexProposal>> indexes(proposals.begin(), proposals.end());
  std::vector<std::size_t> into(proposals.size());
  std::iota(into.begin(), into.end(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t at = 0; at < indexes.size(); ++at)
      for (std::size_t other = at + 1; indexes[at] && other < indexes.size(); ++other) {
        if (!indexes[other] || indexes[at]->table != indexes[other]->table) continue;
        auto both = united(*indexes[at], *indexes[other]);
        if (!both) continue;
        changed = true;
        indexes[at] = std::move(both);
        indexes[other].reset();
        for (auto& member : into)
          if (member == other) member = at;
      }
  }
  std::vector<std::size_t> number(indexes.size());
  for (std::size_t at = 0; at < indexes.size(); ++at) {
    if (!indexes[at]) continue;
    number[at] = out.indexes.size();
    out.indexes.push_back(std::move(*indexes[at]));
  }
  for (std::size_t at = 0; at < into.size(); ++at) out.member[at] = number[into[at]];
  return out;
}

}  // namespace pgadvise::advisor
