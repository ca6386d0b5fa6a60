// The rounds of loops in code. Internal to code_loops.
#pragma once

#include "typescript/syntax.h"

namespace pgadvise::drizzle {

// Whether the loop of this body may end before its last row: by `return`, `break`, or a `throw` in the body
// itself. A loop that ends early looks for one row, or tries until one query succeeds, and does not need all.
bool ends_early(const typescript::Node& body);

}  // namespace pgadvise::drizzle
