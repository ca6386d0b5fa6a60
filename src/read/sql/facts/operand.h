// The values and the wrapped columns of conditions, as a rewritten condition needs them. Internal to
// src/read/sql.
#pragma once

#include <string>
#include <string_view>

#include "model/queries/query_facts.h"
#include "sql/facts/scope.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// Literals appear as "…". Without `sql` if the node has columns, subqueries or calls of functions that are
// not known to be stable.
Operand operand_of(const Node* node);

// Whether the name is a unit of date_trunc and extract; in lower case.
bool is_time_unit(std::string_view name);

// Whether a cast keeps an index on a column of the type `from` usable; false if `from` is "".
bool harmless_cast(const std::string& from, const std::string& to);

// The part of a wrapped column to which the wrapper applies: c of date(c), c + $1, c::text. nullptr: no part
// alone.
const Node* wrapped_part(const Node& node, const Scope& scope);

// Sets unit, operand and operand_first of a predicate from its wrapped column.
void describe_wrapper(Predicate& predicate, const Node& node, const Scope& scope);

}  // namespace pgadvise::sql
