// Facts of single clauses: ORDER BY, LIMIT and OFFSET of a query, and the columns that a write sets. Internal
// to src/read/sql.
#pragma once

#include <string_view>
#include <vector>

#include "model/queries/query_facts.h"
#include "sql/facts/scope.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// Of the outermost query, whose outputs these are.
void order_and_limit(const PgQuery__SelectStmt& stmt, const Scope& scope, const std::vector<Output>& outputs,
                     QueryFacts& facts);

// ORDER BY random(). Only where nothing but tables is sorted: what a subquery or TABLESAMPLE gives may be few
// rows.
void random_sort(const PgQuery__SelectStmt& stmt, const Scope& scope, QueryFacts& facts);

// `column` is given `value`: recorded where that is $n, cast or not.
void assigned(const FromItem& target, std::string_view column, const Node* value, QueryFacts& facts);
// The same for each column of INSERT … VALUES.
void assigned_by_insert(const PgQuery__InsertStmt& stmt, const FromItem& target, QueryFacts& facts);

// An assignment of SET. `conflict`: of ON CONFLICT DO UPDATE; else nullptr.
void updated(const FromItem& target, const Node* node, const PgQuery__OnConflictClause* conflict,
             const Scope& scope, QueryFacts& facts);

}  // namespace pgadvise::sql
