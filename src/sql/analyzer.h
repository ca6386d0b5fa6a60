// Resolves one parsed statement against a catalog: facts for rules, output columns for views. Internal to
// src/sql.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/query_facts.h"
#include "sql/ast.h"

namespace pgadvise::sql {

// A column that a relation, a subquery or a CTE offers.
struct Output {
  std::string name;
  ColumnUse source;  // the catalog's column that it is, unchanged; empty name: an expression
  std::string type;  // "" when not known
  std::string collation;
};

class Analyzer {
 public:
  Analyzer(const Catalog& catalog, std::vector<std::string> search_path)
      : catalog_(catalog), search_path_(std::move(search_path)) {}

  // From now on a view counts as the query behind it: the facts are those of its tables, too.
  void look_through_views() { through_views_ = true; }

  // The whole statement; facts() are filled. Returns what it puts out (a SELECT's targets, RETURNING).
  std::vector<Output> statement(const Node& node);
  const QueryFacts& facts() const { return facts_; }
  QueryFacts take() { return std::move(facts_); }
  const std::set<QualifiedName>& reads() const { return reads_; }  // tables and views, known ones

 private:
  struct Item {  // of a FROM clause
    std::string alias;
    QualifiedName schema_name;  // of a plain table, for schema.table.column
    QualifiedName table;        // of a plain table or view, known or not, whatever its alias
    std::vector<Output> columns;
    bool complete = true;  // false: has columns that are not known
  };
  struct Scope {
    const Scope* parent = nullptr;
    std::vector<Item> items;
  };
  struct Ctes {
    const Ctes* parent = nullptr;
    std::map<std::string, Item> by_name;
  };
  struct Side {  // of a comparison
    ColumnUse column;
    bool has_column = false;
    std::string wrapper;
    const Node* node = nullptr;
    Predicate::Value value = Predicate::Value::other;
    std::optional<std::string> constant;
    int parameter = 0;
    std::string cast;       // of a value
    std::string beginning;  // of a text put together: '%' || $1
  };

  std::vector<Output> query(const Node* node, const Scope* outer);
  std::vector<Output> select(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost);
  std::vector<Output> set_operation(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost);
  std::vector<Output> insert(const PgQuery__InsertStmt& stmt, const Scope* outer);
  std::vector<Output> update(const PgQuery__UpdateStmt& stmt, const Scope* outer);
  std::vector<Output> delete_(const PgQuery__DeleteStmt& stmt, const Scope* outer);
  std::vector<Output> merge(const PgQuery__MergeStmt& stmt, const Scope* outer);
  std::vector<Output> targets(NodeList list, Scope& scope);
  void with(const PgQuery__WithClause* clause, const Scope* outer, Ctes& ctes);
  void describe(const PgQuery__SelectStmt& stmt, const Scope& scope, const std::vector<Output>& outputs);
  void target(const Scope& scope);
  void updated(const Item& target, const Node* assignment, const PgQuery__OnConflictClause* conflict,
               const Scope& scope);
  void random_sort(const PgQuery__SelectStmt& stmt, const Scope& scope);
  void count_test(const PgQuery__AExpr& expr, bool (*counts)(const Node*));
  void list_length(const Node* node);
  bool own() const { return view_depth_ == 0; }  // not the inside of a view
  void order_and_limit(const PgQuery__SelectStmt& stmt, Scope& scope, const std::vector<Output>& outputs);

  void from(NodeList list, Scope& scope);
  void from_item(const Node* node, Scope& scope);
  void join(const PgQuery__JoinExpr& join, Scope& scope);
  void join_columns(const PgQuery__JoinExpr& join, Scope& scope, std::size_t left, std::size_t right);
  Item relation(const PgQuery__RangeVar& range, bool written);
  void assigned(const Item& target, std::string_view column, const Node* value);
  void assigned_by_insert(const PgQuery__InsertStmt& stmt, const Item& target);
  void look_through(const Table& view, Item& item);
  static void rename(Item& item, const PgQuery__Alias* alias);

  void condition(const Node* node, Scope& scope, bool under_or);
  void comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or);
  void row_comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or);
  void take_expression(Predicate& predicate, const Node& node, const Scope& scope) const;
  void add_comparison(Predicate predicate, const Node* left, const Node* right, Scope& scope);
  void sub_link(const PgQuery__SubLink& link, Scope& scope, bool under_or, bool negated = false);
  void not_in(const PgQuery__SubLink& link, const std::vector<Output>& outputs, std::size_t first_predicate,
              bool unknown_relations);
  void scalar_query(const PgQuery__SubLink& link, Scope& scope);
  void boolean_column(const Node* node, Scope& scope, bool value, bool under_or);
  void expression(const Node* node, Scope& scope);  // functions, subqueries
  Side side(const Node* node, const Scope& scope) const;
  Side list_side(const Node* node, const Scope& scope) const;
  const Output* resolve(const PgQuery__ColumnRef& reference, const Scope& scope) const;
  const Output* first_column(const ProtobufCMessage& part, const Scope& scope) const;
  std::string result_type(const Node* node, const Scope& scope) const;

  const Catalog& catalog_;
  std::vector<std::string> search_path_;
  QueryFacts facts_;
  std::set<QualifiedName> reads_;
  std::set<std::string> seen_functions_;
  const Ctes* ctes_ = nullptr;
  int generated_ = 0;   // how many lateral json subqueries are around
  int json_depth_ = 0;  // how many json subqueries, lateral or in an expression
  bool through_views_ = false;
  int view_depth_ = 0;
  int views_opened_ = 0;
};

}  // namespace pgadvise::sql
