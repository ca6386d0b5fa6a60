// Properties of the tree of a predicate. Internal to src/sql.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace pgadvise::sql {

// As expression.h says; empty for nullptr.
std::vector<std::string> not_null_columns(const Node* predicate);

}  // namespace pgadvise::sql
