// Finds expressions in a statement that an index could have as a key.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sql/parse/ast.h"

namespace pgadvise::sql {

struct IndexExpression {
  std::string sql;  // with column names without the table's name
  bool names_only =
      true;  // its constants are names, which are not data: keys of a JSON object, 'day' of date_trunc
  bool can_fail = false;  // fails for some values (a cast of text to a number): building the index may fail
};

// `type_of`: the type of a column of the table; "" if unknown; nullopt for other columns. nullopt: the
// expression is not known to be immutable for these types, or has no order, so a server may reject the index.
std::optional<IndexExpression> index_expression(
    const Node& node, const std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>& type_of);

}  // namespace pgadvise::sql
