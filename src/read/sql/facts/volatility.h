// The volatility of the functions that an expression calls. Internal to src/read/sql.
#pragma once

#include <string>

#include "sql/parse/ast.h"

namespace pgadvise::sql {

enum class Volatility {
  not_volatile,  // immutable or stable: one value for a whole statement
  changing,      // VOLATILE, such as random() and nextval()
  unknown,  // calls a function that is not in the lists of volatility.cc: volatile unless declared otherwise
};

// Of a function by its name, without its schema.
Volatility volatility_of_function(const std::string& name);

// `changing` if any function is, else `unknown` if any function is. Functions are known by name, those of
// PostgreSQL and of the contributed modules that defaults and conditions call (pg_proc.provolatile of
// PostgreSQL 18). Subqueries are read, too.
Volatility volatility_of(const Node& expression);

// Whether the expression has one value for a whole statement, so that an index on a column can be compared
// with it: no columns, no subquery, and nothing volatile or unknown.
bool is_one_value(const Node& expression);

}  // namespace pgadvise::sql
