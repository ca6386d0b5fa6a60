// Conditions on an expression, rewritten as conditions on the bare column.
#pragma once

#include <optional>
#include <string>

#include "model/queries/query_facts.h"

namespace pgadvise {

// The same condition on the column itself, in a form that a B-tree index on the column serves.
struct RewrittenCondition {
  enum class Form { range, cast, moved };  // a range; the value is cast; an operand moves to the value's side
  Form form = Form::range;
  std::string sql;   // values as in Operand::sql
  std::string only;  // when both conditions select the same rows, if not always: a sentence without a period
};

// nullopt: no such form is known for the operator, the types or the units. Narrowing casts have none, as many
// values of the column become one. `type`: the column's; "" if unknown.
std::optional<RewrittenCondition> rewritten_condition(const Predicate& predicate, const std::string& type);

// Whether the condition's constant is a number that is not whole.
bool has_fraction(const Predicate& predicate);

// The wrapper without "pg_catalog.".
std::string builtin_name(const std::string& wrapper);

}  // namespace pgadvise
