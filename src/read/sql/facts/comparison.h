// Comparisons of a condition -> the predicates of a statement's facts. Internal to src/read/sql.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/queries/query_facts.h"
#include "model/schema/catalog.h"
#include "sql/facts/scope.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// Whether a pattern of LIKE begins with % or _: a B-tree finds none of its matches.
bool begins_with_wildcard(std::string_view pattern);

// Adds to `facts`. Does not look into subqueries: the caller reads them, and before the comparison.
struct Comparisons {
  const Catalog& catalog;
  QueryFacts& facts;

  // a = b, a IN (…), (a, b) < (c, d) …
  void add_comparison(const PgQuery__AExpr& expr, const Scope& scope, bool under_or);
  // IS [NOT] NULL, IS TRUE …
  void add_test(const Node& node, const Scope& scope, bool under_or);
  // A column of type boolean as a condition, or behind NOT (`value` false).
  void add_boolean_column(const Node& node, const Scope& scope, bool value, bool under_or);
  // a IN (SELECT …), a = ANY (SELECT …); `outputs` are the subquery's.
  void add_any_query(const PgQuery__SubLink& link, const std::vector<Output>& outputs, const Scope& scope,
                     bool under_or);
  // a NOT IN (SELECT …). The subquery's own predicates are those from `first_predicate` on.
  void add_not_in(const PgQuery__SubLink& link, const std::vector<Output>& outputs,
                  std::size_t first_predicate, bool unknown_relations);
  // USING and NATURAL: equalities of the columns of the same name, of the items from `left` and from `right`.
  void add_equal_columns(const PgQuery__JoinExpr& join, const Scope& scope, std::size_t left,
                         std::size_t right);

  // The values of IN (…), = ANY (ARRAY[…]).
  void note_list_length(const Node* node);
  // Does the expression compare a count, as `counts` recognises it, with a number?
  void note_count_test(const PgQuery__AExpr& expr, bool (*counts)(const Node*));

 private:
  // `expr`: the whole comparison; nullptr: of rows.
  void add(Predicate predicate, const Node* left, const Node* right, const Scope& scope,
           const PgQuery__AExpr* expr = nullptr);
  void add_rows(const PgQuery__AExpr& expr, const Scope& scope, bool under_or);
};

}  // namespace pgadvise::sql
