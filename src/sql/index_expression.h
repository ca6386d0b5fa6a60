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
  bool can_fail = false;  // fails for some values (a cast of text to a number): building the index may fail
};

// `type_of`: the type of a column of the table; nullopt for other columns. The server decides whether an
// expression is immutable; one that can fail is returned only if it is known to be.
std::optional<IndexExpression> index_expression(
    const Node& node, const std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>& type_of);

}  // namespace pgadvise::sql
