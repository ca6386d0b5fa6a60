// The facts about a statement that rules use: tables, columns, predicates, order and limits, resolved against
// a catalog.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

enum class StatementKind { select, insert, update, delete_, merge, transaction, utility, other };

struct ColumnUse {
  QualifiedName
      table;  // in the catalog; empty name: not resolved (of a CTE, a function, or an unknown table)
  std::string column;
  auto operator<=>(const ColumnUse&) const = default;
};

// A value of a condition, as SQL without literals.
struct Operand {
  std::string sql;   // "$2", "$1::interval", "now()"; "…": a literal; empty: not known, or not to be shown
  std::string type;  // as format_type() spells it; empty: unknown
  std::string unit;  // the value is the beginning of a 'day', 'month' …; empty: unknown
  bool literal = false;  // a parameter or literal, cast or not: without a type, the context decides
  bool operator==(const Operand&) const = default;
};

struct Predicate {
  enum class Op { equality, in_list, range, like, is_null, is_not_null, other };
  // computed: an expression with one value for the whole statement: lower($1), now() - $1.
  enum class Value { parameter, constant, computed, column, other };
  ColumnUse column;
  Op op = Op::other;
  std::string op_name;  // "=", "<", "~~", "@>"; "= ANY" for $1 = ANY (column)
  Value value = Value::other;
  std::optional<std::string> constant;  // the literal, if value is constant
  int parameter = 0;                    // n of $n, if value is parameter
  std::vector<int> more_parameters;     // the further parameters of IN ($n, $m …), BETWEEN $n AND $m
  bool takes_array = false;             // = ANY ($n)
  ColumnUse other;                      // if value is column: a join, or a comparison inside one table
  // The function, operator or cast applied to the column: "lower", "::date"; "expression": an expression of
  // several columns; empty: the bare column.
  std::string wrapper;
  std::string inner;     // the wrapper of what the wrapper applies to; empty: it applies to the bare column
  std::string unit;      // 'month' of date_trunc and extract, 'YYYY-MM' of to_char; empty: unknown
  bool of_enum = false;  // the column's type is an enum
  Operand operand;       // x of c + x, c - x, x - c
  bool operand_first = false;   // x - c
  std::vector<Operand> values;  // of = v, v > …, BETWEEN v AND w, IN (v, w); empty: of no such form
  // This expression as an index expression: names of one table's columns, no parameter, no subquery; empty:
  // not usable in an index, or the bare column.
  std::string expression;
  // The same for an immutable expression that fails for some values, such as a cast of text to integer.
  std::string fallible_expression;
  bool expression_names = true;  // its constants are names: keys of a JSON object, 'day' of date_trunc
  std::string value_type;        // type to which the value is cast: "numeric"; empty: no cast
  // For `= $n` on a column with few values: the value in every sample. A logged literal, which is never
  // shown.
  std::optional<std::string> same_value;
  bool leading_wildcard = false;  // LIKE: the pattern starts with % or _, in the statement or in a sample
  bool under_or = false;          // part of an OR or NOT, so not a condition on its own
  // From 1: the OR whose direct arm this condition is, if every arm of that OR is one condition; 0: none.
  int or_group = 0;
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
  bool through_view = false;  // read by a view, not named in the statement
};

// An assignment of UPDATE … SET c = … or ON CONFLICT DO UPDATE.
struct Assignment {
  ColumnUse column;
  bool from_itself = false;  // the new value depends on the old one: c + 1
};

// x NOT IN (SELECT c …), or <> ALL.
struct NotInSubquery {
  ColumnUse column;             // c; empty: an expression; without a table: unknown to the catalog
  bool nulls_left_out = false;  // the subquery's WHERE excludes NULLs of c
};

// The comparison of a count(…): `(SELECT count(*) …) > 0`, SELECT count(*) > 0 FROM …; not in HAVING.
enum class CountTest { none, value, existence };  // value: a parameter, or some other number

struct QueryFacts {
  StatementKind kind = StatementKind::other;
  bool parsed = false;
  std::vector<RelationUse> relations;  // relations in the catalog; for a view, also the tables that it reads
  std::vector<QualifiedName> unknown_relations;
  // From WHERE and JOIN … ON, not HAVING. Includes comparisons of unresolved columns.
  std::vector<Predicate> predicates;
  std::vector<SortKey> sort;  // of the outermost SELECT
  bool has_limit = false;
  std::optional<long> limit_constant;
  int limit_parameter = 0;  // n of LIMIT $n
  bool has_offset = false;
  std::vector<std::string> functions;  // called, as written
  bool selects_all_columns = false;    // a `*` target
  bool locks_rows = false;             // FOR UPDATE, FOR SHARE …
  bool single_row_insert = false;      // INSERT … VALUES of one row
  bool catalog_query = false;          // reads pg_catalog or information_schema
  int parameters = 0;                  // the largest n of $n
  // INSERT … VALUES ($1) and UPDATE … SET c = $1, also through casts: the parameter that is assigned to each
  // column.
  std::vector<std::pair<ColumnUse, int>> assigned_parameters;

  // Of the outermost statement, without relations that only a view reads.
  std::optional<QualifiedName>
      target;  // target of INSERT, UPDATE, DELETE, MERGE; as written if the catalog lacks it
  bool has_where = false;
  bool grouped = false;             // GROUP BY, DISTINCT, UNION …
  bool one_row = false;             // only aggregates, or no FROM
  std::vector<QualifiedName> from;  // tables and views that the statement's own FROM names, also unknown ones
  bool from_derived =
      false;  // FROM or USING also has subqueries, CTEs or functions; or the statement is a UNION
  std::vector<ColumnUse> selected;  // output columns of a SELECT that are plain columns
  std::vector<ColumnUse> extremes;  // c of min(c) and max(c), if the SELECT returns nothing else

  // At any depth, without views.
  bool limited = false;             // some SELECT has a LIMIT
  int json_depth = 0;               // nesting depth of subqueries that build JSON
  std::vector<Assignment> updated;  // assignments to existing rows
  std::vector<NotInSubquery> not_in;
  std::vector<QualifiedName> random_sort;  // tables whose rows alone are ordered by random()
  CountTest count_test = CountTest::none;
  std::size_t longest_list = 0;   // values of an IN list or ARRAY[…]; the longest of the samples
  std::string creates_temporary;  // the table's name

  // From the values of samples.
  int offset_parameter = 0;                    // n of OFFSET $n
  std::optional<std::int64_t> largest_offset;  // in the statement or in a sample
  int inlined = 0;  // samples, each different, with literals where the text has only $n
};

}  // namespace pgadvise
