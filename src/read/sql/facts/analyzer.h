// Resolves one parsed statement against a catalog: facts for rules, output columns for views. Internal to
// src/read/sql.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/queries/query_facts.h"
#include "model/schema/catalog.h"
#include "sql/facts/comparison.h"
#include "sql/facts/scope.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

class Analyzer {
 public:
  Analyzer(const Catalog& catalog, std::vector<std::string> search_path)
      : catalog_(catalog), search_path_(std::move(search_path)) {}

  // From now on a view counts as the query behind it: the facts are those of its tables, too.
  void look_through_views() { through_views_ = true; }

  // The whole statement; facts() are filled. Returns what it puts out (a SELECT's targets, RETURNING).
  std::vector<Output> analyze(const Node& node);
  const QueryFacts& facts() const { return facts_; }
  QueryFacts take() { return std::move(facts_); }
  const std::set<QualifiedName>& relations_read() const { return reads_; }  // tables and views, known ones

 private:
  std::vector<Output> query(const Node* node, const Scope* outer);
  std::vector<Output> select(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost);
  std::vector<Output> set_operation(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost);
  std::vector<Output> insert(const PgQuery__InsertStmt& stmt, const Scope* outer);
  std::vector<Output> update(const PgQuery__UpdateStmt& stmt, const Scope* outer);
  std::vector<Output> delete_(const PgQuery__DeleteStmt& stmt, const Scope* outer);
  std::vector<Output> merge(const PgQuery__MergeStmt& stmt, const Scope* outer);
  std::vector<Output> targets(NodeList list, Scope& scope);
  // Reads the CTEs of a statement, whose parts see them as long as this lives.
  class With {
   public:
    With(Analyzer& analyzer, const PgQuery__WithClause* clause, const Scope* outer);
    ~With() { analyzer_.ctes_ = ctes_.parent; }
    With(const With&) = delete;
    With& operator=(const With&) = delete;

   private:
    Analyzer& analyzer_;
    Ctes ctes_;
  };
  void describe_query(const PgQuery__SelectStmt& stmt, const Scope& scope,
                      const std::vector<Output>& outputs);
  void set_target(const Scope& scope);
  Comparisons comparisons() { return {catalog_, facts_}; }
  bool outside_views() const { return view_depth_ == 0; }  // not the inside of a view

  void from(NodeList list, Scope& scope);
  void from_item(const Node* node, Scope& scope);
  void join(const PgQuery__JoinExpr& join, Scope& scope);
  FromItem relation(const PgQuery__RangeVar& range, bool written);
  void look_through(const Table& view, FromItem& item);

  void condition(const Node* node, Scope& scope, bool under_or);
  void comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or);
  void sub_link(const PgQuery__SubLink& link, Scope& scope, bool under_or, bool negated = false);
  void scalar_query(const PgQuery__SubLink& link, Scope& scope);
  void expression(const Node* node, Scope& scope);  // functions, subqueries

  const Catalog& catalog_;
  std::vector<std::string> search_path_;
  QueryFacts facts_;
  std::set<QualifiedName> reads_;
  std::set<std::string> seen_functions_;
  const Ctes* ctes_ = nullptr;
  int json_depth_ = 0;  // how many json subqueries, lateral or in an expression
  bool through_views_ = false;
  int view_depth_ = 0;
  int views_opened_ = 0;
  int ors_ = 0;  // Predicate::or_group
};

}  // namespace pgadvise::sql
