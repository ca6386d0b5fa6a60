// The names that a part of a statement sees, and what they are in the catalog. Internal to src/read/sql.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "model/queries/query_facts.h"
#include "model/schema/catalog.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// Columns of one query level; `select * from v, v` in view upon view must not double without end.
inline constexpr std::size_t max_outputs = 1664;

// A column that a relation, a subquery or a CTE offers.
struct Output {
  std::string name;
  ColumnUse source;  // the catalog's column that it is, unchanged; empty name: an expression
  std::string type;  // "" when not known
  std::string collation;
  bool of_table() const { return !source.table.name.empty(); }
};

// An item of a FROM clause.
struct FromItem {
  std::string alias;
  QualifiedName schema_name;  // of a plain table, for schema.table.column
  QualifiedName table;        // of a plain table or view, known or not, whatever its alias
  std::vector<Output> columns;
  bool complete = true;  // false: has columns that are not known
};

struct Scope {
  const Scope* parent = nullptr;
  std::vector<FromItem> items;
};

struct Ctes {
  const Ctes* parent = nullptr;
  std::map<std::string, FromItem> by_name;
};

// Gives the item its alias, and its columns those of the alias.
void rename(FromItem& item, const PgQuery__Alias* alias);

// nullptr: the catalog has no such column.
const Column* column_of(const ColumnUse& use, const Catalog& catalog);
// nullptr: no level has such a column, or an item whose columns are not known may have it.
const Output* resolve(const PgQuery__ColumnRef& reference, const Scope& scope);
// The first column of a table in an expression, subqueries left out; nullptr: there is none.
const Output* first_column(const ProtobufCMessage& part, const Scope& scope);
// "" where the catalog and the syntax do not show it.
std::string result_type(const Node* node, const Scope& scope);

}  // namespace pgadvise::sql
