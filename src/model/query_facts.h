// What a statement does, resolved against a catalog: everything that rules may know of a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalog.h"

namespace pgadvise {

enum class StatementKind { select, insert, update, delete_, merge, transaction, utility, other };

struct ColumnUse {
  QualifiedName
      table;  // of the catalog; empty name: not resolved (a CTE's, a function's, an unknown table's)
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
  std::vector<int> more_parameters;     // those behind it: of IN ($n, $m …), BETWEEN $n AND $m
  bool takes_array = false;             // = ANY ($n)
  ColumnUse other;                      // where value is column: a join (or a comparison inside one table)
  // A function, operator or cast around the column: "lower", "::date"; "expression": one of several columns;
  // empty: bare.
  std::string wrapper;
  // That with the column, as an index's expression: bare names of one table's columns, no parameter, no
  // subquery; empty: it is none, or bare.
  std::string expression;
  bool expression_names = true;  // its constants are names: a JSON object's keys, 'day' of date_trunc
  std::string value_type;        // what the value is cast to: "numeric"; empty: not cast
  // `= $n` on a column of few values: what every sample has there. A logged literal: shown to nobody.
  std::optional<std::string> same_value;
  bool leading_wildcard = false;  // LIKE: its pattern begins with % or _, in the statement or in a sample
  bool under_or = false;          // part of an OR or NOT: does not narrow alone
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

// UPDATE … SET c = …, or the same of ON CONFLICT DO UPDATE.
struct Assignment {
  ColumnUse column;
  bool from_itself = false;  // the new value is made of the old one: c + 1
};

// x NOT IN (SELECT c …), or <> ALL.
struct NotInSubquery {
  ColumnUse column;             // c; empty: an expression; without a table: not known to the catalog
  bool nulls_left_out = false;  // its own WHERE lets no NULL of c through
};

// What count(…) is compared with: `(SELECT count(*) …) > 0`, SELECT count(*) > 0 FROM …; not HAVING.
enum class CountTest { none, value, existence };  // value: a parameter, or some other number

struct QueryFacts {
  StatementKind kind = StatementKind::other;
  bool parsed = false;
  std::vector<RelationUse> relations;  // those the catalog knows; a view, and the tables behind it
  std::vector<QualifiedName> unknown_relations;
  // WHERE and JOIN … ON; HAVING not included. Comparisons of columns that are not resolved are there, too.
  std::vector<Predicate> predicates;
  std::vector<SortKey> sort;  // of the outermost SELECT
  bool has_limit = false;
  std::optional<long> limit_constant;
  int limit_parameter = 0;  // n of LIMIT $n
  bool has_offset = false;
  std::vector<std::string> functions;  // called, as written
  bool selects_all_columns = false;    // a `*` target
  bool locks_rows = false;             // FOR UPDATE and friends
  bool single_row_insert = false;      // INSERT … VALUES of one row
  bool catalog_query = false;          // reads pg_catalog or information_schema
  int parameters = 0;                  // the largest n of $n
  // INSERT … VALUES ($1) and UPDATE … SET c = $1, casts looked through: which parameter a column is given.
  std::vector<std::pair<ColumnUse, int>> assigned_parameters;

  // Of the outermost statement, what is read through a view left out.
  std::optional<QualifiedName>
      target;  // of INSERT, UPDATE, DELETE, MERGE; as written when the catalog does not know it
  bool has_where = false;
  bool grouped = false;             // GROUP BY, DISTINCT, UNION …
  bool one_row = false;             // aggregates alone, or no FROM
  std::vector<QualifiedName> from;  // tables and views that its own FROM names, known or not
  bool from_derived =
      false;  // its FROM or USING has subqueries, CTEs or functions, too; or there are several, of a UNION
  std::vector<ColumnUse> selected;  // a SELECT's outputs that are columns unchanged

  // At any depth, views left out.
  bool limited = false;             // some SELECT has a LIMIT
  int json_depth = 0;               // subqueries that build JSON, one in the other
  std::vector<Assignment> updated;  // what the statement sets in rows that are there
  std::vector<NotInSubquery> not_in;
  std::vector<QualifiedName> random_sort;  // tables whose rows, no others', are ordered by random()
  CountTest count_test = CountTest::none;
  std::size_t longest_list = 0;   // values of an IN list or ARRAY[…]; the longest of the samples
  std::string creates_temporary;  // the table's name

  // What the values of samples say.
  int offset_parameter = 0;                    // n of OFFSET $n
  std::optional<std::int64_t> largest_offset;  // in the statement or in a sample
  int inlined = 0;  // samples, each different, with literals where the text has only $n
};

}  // namespace pgadvise
