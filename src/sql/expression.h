// Properties of the text of an expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

// The columns of a predicate of the form "c IS NOT NULL [AND …]"; empty for any other.
std::vector<std::string> not_null_columns(std::string_view predicate);

}  // namespace pgadvise::sql
