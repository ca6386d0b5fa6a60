// What a part of a parsed statement is, whatever the catalog holds. Internal to src/read/sql.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/queries/query_facts.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

StatementKind statement_kind(const Node& statement);

// n of $n, cast or not; 0: something else.
int parameter_of(const Node* node);

std::string function_name(const PgQuery__FuncCall& call);  // "pg_catalog.count"

// Calls of functions of these names, subqueries and window functions left out. `root` may be null.
int calls_of(const Node* root, const std::set<std::string>& names);
// Calls of aggregates in the targets. Any of them, without GROUP BY: one row comes out.
int aggregates(NodeList targets);

// Is it a SELECT whose targets build JSON?
bool builds_json(const Node* select);
// Is it count(…), and no window function?
bool is_count(const Node* node);
// Is it (SELECT count(…) …) of a table?
bool is_count_query(const Node* node);

int columns_in(const ProtobufCMessage& part);  // references to columns, subqueries left out

// The table that CREATE TABLE makes; nullptr: the statement is another one.
const PgQuery__RangeVar* created_table(const Node& node);

// The columns of a predicate of the form "c IS NOT NULL [AND …]"; empty for any other, and for nullptr.
std::vector<std::string> not_null_columns(const Node* predicate);

}  // namespace pgadvise::sql
