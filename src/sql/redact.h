// A normalised statement may still hold literals: libpg_query leaves utility statements (EXECUTE p('x'), NOTIFY) as they
// are, and keeps comments, where ORMs put trace ids and people put anything.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::sql {

// Without comments; strings become '...', and the numbers of statements that carry values 0. Still parses if it did.
std::string redact(std::string_view normalized);

}  // namespace pgadvise::sql
