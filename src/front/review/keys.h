// Parses the byte sequences that a terminal sends for keys.
#pragma once

#include <string_view>

#include "review/console.h"

namespace pgadvise::review {

// The key for bytes that arrived together; `several` for a paste. Unknown escape sequences are `resize`,
// which has no effect.
Key key_of(std::string_view bytes);

}  // namespace pgadvise::review
