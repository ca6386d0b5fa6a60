// Generates candidate indexes for a statement. The candidates are guesses, rather too many than too few: the
// planner decides later which of them help.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "advisor/queries/referenced_columns.h"
#include "model/queries/query_facts.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

// INCLUDE columns of a covering index.
inline constexpr std::size_t max_included = 8;

struct CandidateOptions {
  int max_width = 4;      // key columns
  bool literals = false;  // whether an index may contain constants: in the condition of a partial index, or
                          // in an expression, other than names
  // The facts of the statement with its constants, if known: the source of expressions.
  const QueryFacts* spelled = nullptr;
};

// Candidates of one and two columns that start with a column of a predicate, join or order; those for LIKE
// prefixes, for compared expressions, and for the statement's ORDER BY. Without candidates that an existing
// index covers. Of a table's columns at most 40 are paired, so that the number of candidates is bounded.
std::vector<IndexProposal> candidates(const QueryFacts& facts,
                                      const std::map<QualifiedName, ReferencedColumns>& referenced,
                                      const Catalog& catalog, const CandidateOptions& options);

// BRIN candidates: single columns, used in range conditions, of large tables whose rows are in the column's
// order.
std::vector<IndexProposal> range_candidates(const QueryFacts& facts,
                                            const std::map<QualifiedName, ReferencedColumns>& referenced,
                                            const Catalog& catalog);

// Adds the columns that a statement uses in another way than `column = value`: other comparisons, joins,
// sorting, grouping.
using Columns = std::set<ColumnUse>;
void add_not_just_equal(const QueryFacts& facts, const std::map<QualifiedName, ReferencedColumns>& referenced,
                        Columns& out);

// Hash candidates: single text columns, only compared for equality, that are over 100 bytes on average, so
// that the index is much smaller than a B-tree, or `too_long` for a B-tree (may be empty). `not_just_equal`:
// from the whole workload.
using TooLong = std::function<bool(const Table&, const Column&)>;
std::vector<IndexProposal> hash_candidates(const QueryFacts& facts,
                                           const std::map<QualifiedName, ReferencedColumns>& referenced,
                                           const Columns& not_just_equal, const Catalog& catalog,
                                           const TooLong& too_long = {});

// Whether an existing hash index serves what a B-tree with the same first column would: the whole workload
// compares the column only by =, and few rows have the same value.
bool hash_serves(const IndexProposal& proposal, const Columns& not_just_equal, const Catalog& catalog);

// How many of the first keys the statement compares with a value by =.
std::size_t leading_equality_keys(const IndexProposal& proposal, const QueryFacts& facts);

// Variants of an index that a plan uses, which may be better: one more column, the remaining referenced
// columns as INCLUDE, only the rows that the statement always selects.
std::vector<IndexProposal> refinements(const IndexProposal& used, const QueryFacts& facts,
                                       const ReferencedColumns& referenced, const Catalog& catalog,
                                       const CandidateOptions& options);

// Prefixes of the index, the longest first: (a, b, c) has (a, b) and (a).
std::vector<IndexProposal> prefixes(const IndexProposal& proposal);

// Whether `narrow` is as good as `wide` for a statement: it is a prefix, and the statement does not reference
// the other columns.
bool spares(const IndexProposal& narrow, const IndexProposal& wide, const ReferencedColumns& referenced);

// Whether two expressions of indexes are equal, apart from parentheses and from the casts of constants to
// text that a server adds when it prints an expression.
bool same_expression(std::string_view a, std::string_view b);

// Whether an existing index serves every query that this one would.
bool already_served(const IndexProposal& proposal, const Table& table);

}  // namespace pgadvise::advisor
