// Merges the indexes that findings and the search propose. check, advise, explain and review propose what
// merge_proposals() leaves.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/results/finding.h"

namespace pgadvise::advisor {

// Whether an index made for `wide` serves every statement that `narrow` is proposed for. Both are on one
// table, and all of these hold:
// - Keys: `wide` begins with the equality keys of `narrow` (IndexProposal::equality_keys), in any order and
//   direction. The other keys of `narrow` follow in the same order, either all in their direction or all
//   reversed, since a B-tree can be scanned backward. `wide` may have more keys.
// - INCLUDE: each included column is a key or included column of `wide`.
// - WHERE: the predicates are equal; or `wide` has none, and its keys find the rows of the predicate of
//   `narrow`: a key IS NOT NULL, or an equality key of `wide` compared with one value.
// Methods other than btree: only equal proposals serve each other, except that a hash index is served by a
// B-tree with the same column first, and serves a B-tree on its column alone that statements compare by =.
bool serves(const IndexProposal& wide, const IndexProposal& narrow);

// One index for the statements of both proposals: one of the two, the wider one with its equality keys in
// another order, or the wider one with the included columns of both (at most eight). nullopt: no such index
// exists.
std::optional<IndexProposal> united(const IndexProposal& one, const IndexProposal& other);

struct MergedProposals {
  std::vector<IndexProposal> indexes;  // none serves another one; in the order of their first proposal
  std::vector<std::size_t> member;     // for each proposal: the index that serves it
};
// The fewest indexes that united() leaves of `proposals`, which may be on several tables. The result does not
// depend on the server. Cost: quadratic in the proposals of one table.
MergedProposals merge_proposals(const std::vector<IndexProposal>& proposals);

}  // namespace pgadvise::advisor
