// Methods of strings and arrays, and functions of Object, whose result follows from known values.
#pragma once

#include <optional>
#include <vector>

#include "typescript/environment.h"

namespace pgadvise::typescript {

// `method`: a value of Kind::member. nullopt: not one of these methods, or its values are not known.
std::optional<ValuePtr> call_builtin(Environment& program, const Value& method,
                                     const std::vector<ValuePtr>& arguments, const Node& node);

}  // namespace pgadvise::typescript
