// What a terminal sends for a key.
#pragma once

#include <string_view>

#include "review/console.h"

namespace pgadvise::review {

// One key of the bytes that came in one go; several of a paste. Escape sequences that are not known are
// `resize`: nothing happens.
Key key_of(std::string_view bytes);

}  // namespace pgadvise::review
