// Internal to src/sql.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace pgadvise::sql {

std::vector<std::string> not_null_columns(const Node* predicate);  // as expression.h says

}  // namespace pgadvise::sql
