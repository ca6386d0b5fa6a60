// Finds expressions in a statement that an index could have as a key.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sql/ast.h"

namespace pgadvise::sql {

struct IndexExpression {
  std::string sql;  // with column names without the table's name
  bool names_only =
      true;  // its constants are names, which are not data: keys of a JSON object, 'day' of date_trunc
};

// `type_of`: the type of a column of the table; nullopt for other columns. Skips expressions that can fail
// for a row (a cast of text to a number): building the index, or later writes, would fail. The server decides
// whether an expression is immutable.
std::optional<IndexExpression> index_expression(
    const Node& node, const std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>& type_of);

}  // namespace pgadvise::sql
