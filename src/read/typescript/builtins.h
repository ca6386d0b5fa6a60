// Methods of strings and arrays, functions of Object, and members of enumerations that packages make, whose
// value follows from known values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "typescript/program.h"

namespace pgadvise::typescript {

// `method`: a value of Kind::member. nullopt: not one of these methods, or its values are not known.
std::optional<ValuePtr> call_builtin(Program& program, const Value& method,
                                     const std::vector<ValuePtr>& arguments, const Node& node);

// The labels that `call`.name holds: z.enum(['a', 'b']).options, .enum of the same as an object, enumValues
// of pgEnum(). nullopt: another function or member, or the labels are not known.
std::optional<ValuePtr> enumeration_member(const Value& call, const std::string& name, const Node& node);

}  // namespace pgadvise::typescript
