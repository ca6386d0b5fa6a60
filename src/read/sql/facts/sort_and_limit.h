// ORDER BY, LIMIT and OFFSET of a query. Internal to src/read/sql.
#pragma once

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

}  // namespace pgadvise::sql
