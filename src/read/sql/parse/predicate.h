// Properties of the tree of a predicate. Internal to src/read/sql.
#pragma once

#include <string>
#include <vector>

#include "sql/parse/ast.h"

namespace pgadvise::sql {

// As expression.h says; empty for nullptr.
std::vector<std::string> not_null_columns(const Node* predicate);

}  // namespace pgadvise::sql
