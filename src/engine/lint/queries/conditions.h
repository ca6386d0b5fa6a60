// Whether an index serves a condition of a statement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

// Whether PostgreSQL casts the integer column, because the value is numeric or floating-point.
bool widened(const Column& column, const Predicate& predicate);

// A valid B-tree that would serve `column op value`: the column is its first key, or follows keys that are
// `fixed`, which the statement compares by =.
const Index* index_for(const Table& table, const std::string& column, const std::vector<std::string>& fixed);

// Whether an expression index mentions the column and the expression around it, and so may serve the
// predicate.
bool expression_index_for(const Table& table, const Predicate& predicate);

// Whether a GIN or GiST index covers the column, alone or in an expression.
bool has_search_index(const Table& table, const std::string& column);

// The index on the column that a function, cast or arithmetic in the condition prevents from serving it;
// nullptr: there is none, or the expression has no counterpart on the value's side.
const Index* bypassed_index(const QueryFacts& facts, const Table& table, const Predicate& predicate);

// A condition of a statement on a table that no index serves, and no plain index on a column would.
struct UnservedCondition {
  std::string what;                      // "filters by date(created_at)"
  std::vector<IndexProposal> proposals;  // that serve it together as it is written; may be empty
  std::string rewrite;                   // what to do otherwise; "" if a proposal serves it
};
// The first such condition, for the columns that the statement does not also compare by themselves. Without a
// server and statistics, conditions that most rows may pass are left out. `facts` are those of the query.
std::optional<UnservedCondition> unserved_condition(const Context& context, const QueryFacts& facts,
                                                    const Table& table);

}  // namespace pgadvise::lint
