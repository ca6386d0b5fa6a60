// Which indexes a statement could be served by. The planner decides later whether it is: these are guesses,
// wide rather than narrow.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "advisor/referenced_columns.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/query_facts.h"

namespace pgadvise::advisor {

struct CandidateOptions {
  int max_width = 4;      // key columns
  bool literals = false;  // whether an index may name constants: that of a partial index's condition, those
                          // of an expression that are no names
  const QueryFacts* spelled =
      nullptr;  // of the statement with its constants, where there is one: what expressions are taken from
};

// Of one and two columns, led by a column of a predicate, a join or an order; those for a LIKE prefix, for
// expressions that values are compared with (whether they are immutable the server says), and for the
// statement's ORDER BY with its directions. Without what an existing index already serves.
std::vector<IndexProposal> candidates(const QueryFacts& facts,
                                      const std::map<QualifiedName, ReferencedColumns>& referenced,
                                      const Catalog& catalog, const CandidateOptions& options);

// Single columns of large tables whose rows lie in their order, asked for by range: for BRIN.
std::vector<IndexProposal> range_candidates(const QueryFacts& facts,
                                            const std::map<QualifiedName, ReferencedColumns>& referenced,
                                            const Catalog& catalog);

// Columns that a statement asks for in another way than `column = value`: compared otherwise, joined, sorted,
// grouped.
using Columns = std::set<ColumnUse>;
void add_not_just_equal(const QueryFacts& facts, const std::map<QualifiedName, ReferencedColumns>& referenced,
                        Columns& out);

// Single columns of long text, over 100 bytes on the average, asked for by equality: for a hash index, a
// fraction of a B-tree's size. `not_just_equal`: of the whole workload.
std::vector<IndexProposal> hash_candidates(const QueryFacts& facts,
                                           const std::map<QualifiedName, ReferencedColumns>& referenced,
                                           const Columns& not_just_equal, const Catalog& catalog);

// What could be still better than an index that a plan uses: one more column, the rest of the referenced
// columns as INCLUDE, only the rows that the statement always asks for.
std::vector<IndexProposal> refinements(const IndexProposal& used, const QueryFacts& facts,
                                       const ReferencedColumns& referenced, const Catalog& catalog,
                                       const CandidateOptions& options);

// The same with fewer columns, the longest first: (a, b, c) has (a, b) and (a).
std::vector<IndexProposal> prefixes(const IndexProposal& proposal);

// Whether `narrow` does for a statement all that `wide` could: it is the beginning of it, and what is left
// out the statement does not name.
bool spares(const IndexProposal& narrow, const IndexProposal& wide, const ReferencedColumns& referenced);

// Whether an existing index serves whatever this one would.
bool already_served(const IndexProposal& proposal, const Table& table);

}  // namespace pgadvise::advisor
