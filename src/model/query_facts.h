// What a statement does, resolved against a catalog: everything that rules may know of a query.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalog.h"

namespace pgadvise {

enum class StatementKind { select, insert, update, delete_, merge, transaction, utility, other };

struct ColumnUse {
  QualifiedName table;  // of the catalog; empty name: not resolved (a CTE's, a function's, an unknown table's)
  std::string column;
  auto operator<=>(const ColumnUse&) const = default;
};

struct Predicate {
  enum class Op { equality, in_list, range, like, is_null, is_not_null, other };
  enum class Value { parameter, constant, column, other };
  ColumnUse column;
  Op op = Op::other;
  std::string op_name;  // "=", "<", "~~", "@>"
  Value value = Value::other;
  std::optional<std::string> constant;  // the literal, where value is constant
  int parameter = 0;                    // n of $n, where value is parameter
  ColumnUse other;                      // where value is column: a join (or a comparison inside one table)
  std::string wrapper;                  // "lower", "::date": a function or cast around the column; empty: bare
  bool under_or = false;                // part of an OR or NOT: does not narrow alone
};

struct SortKey {
  ColumnUse column;  // empty: an expression
  bool descending = false;
  bool nulls_first = false;
};

struct RelationUse {
  QualifiedName table;
  std::string alias;
  bool written = false;
  bool generated_subselect = false;  // inside an ORM's lateral json subquery
  bool through_view = false;         // not named by the statement: a view reads it
};

struct QueryFacts {
  StatementKind kind = StatementKind::other;
  bool parsed = false;
  std::vector<RelationUse> relations;        // those the catalog knows; a view, and the tables behind it
  std::vector<QualifiedName> unknown_relations;
  // WHERE and JOIN … ON; HAVING not included. Comparisons of columns that are not resolved are there, too.
  std::vector<Predicate> predicates;
  std::vector<SortKey> sort;                 // of the outermost SELECT
  bool has_limit = false;
  std::optional<long> limit_constant;
  bool has_offset = false;
  std::vector<std::string> functions;        // called, as written
  bool selects_all_columns = false;          // a `*` target
  bool locks_rows = false;                   // FOR UPDATE and friends
  bool single_row_insert = false;            // INSERT … VALUES of one row
  bool catalog_query = false;                // reads pg_catalog or information_schema
  int parameters = 0;                        // the largest n of $n
  // INSERT … VALUES ($1) and UPDATE … SET c = $1, casts looked through: which parameter a column is given.
  std::vector<std::pair<ColumnUse, int>> assigned_parameters;
};

}  // namespace pgadvise
