// Properties of the text of an expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

// The columns of a predicate of the form "c IS NOT NULL [AND …]"; empty for any other.
std::vector<std::string> not_null_columns(std::string_view predicate);

// Whether a check constraint with that expression excludes NULL from the column: the expression, or a part of
// it that AND joins, is "column IS NOT NULL".
bool check_excludes_null(std::string_view expression, const std::string& column);

// The name that the server gives to the column of an expression; "" of none.
std::string output_name(std::string_view expression);

// The text of an expression that is one constant; "" of any other.
std::string constant_text(std::string_view expression);

}  // namespace pgadvise::sql
