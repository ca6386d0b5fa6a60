// Which expressions of a statement an index could be made on.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sql/ast.h"

namespace pgadvise::sql {

struct IndexExpression {
  std::string sql;         // names of columns without their table's
  bool names_only = true;  // its constants are names, and tell nothing of anybody: a JSON object's keys,
                           // 'day' of date_trunc
};

// `type_of`: of the table's column that is meant; nothing where it is another table's, or none. Nothing comes
// of an expression that could fail for a row (a cast of text to a number): the index could not be built, or
// writes would fail from then on. Whether it is immutable is for the server to say.
std::optional<IndexExpression> index_expression(
    const Node& node, const std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>& type_of);

}  // namespace pgadvise::sql
