// Evaluates expressions, within the bounds of the program. Runs nothing.
#pragma once

#include <vector>

#include "typescript/program.h"

namespace pgadvise::typescript {

// The value of the expression; undefined of an empty node. `scope`: the variables around it; null: those of
// its module.
ValuePtr evaluate(Program& program, const Node& node, Scope* scope = nullptr);
// The result of a function's body.
ValuePtr apply_function(Program& program, const Value& function, const std::vector<ValuePtr>& arguments);
// Gives the names of a pattern their values in the scope.
void bind_names(Program& program, const Node& pattern, const ValuePtr& value, Scope* scope);

}  // namespace pgadvise::typescript
