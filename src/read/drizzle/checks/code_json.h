// Columns that code treats as JSON. Internal to code_reader.h.
#pragma once

#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// The columns of any type that are declared with $type<…>() of an object or array type, get JSON.stringify()
// in an INSERT or UPDATE, or whose value JSON.parse() gets from a row of a query: in the order of tables,
// columns and uses, each once with its first place. What is encrypted or compressed on the way is no JSON; a
// call with "crypt" in its name that gets the text of JSON.stringify() is a use of its own.
std::vector<JsonColumn> json_columns(CodeIndex& index);

}  // namespace pgadvise::drizzle
