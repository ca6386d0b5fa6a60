// The text before an offset, for files that are searched and not parsed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace pgadvise::deploy {

// At most `most` bytes.
inline std::string_view text_before(std::string_view text, std::size_t at, std::size_t most) {
  const auto before = text.substr(0, at);
  return before.substr(before.size() - std::min(before.size(), most));
}

// What stands on the same line.
inline std::string_view line_before(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  return before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
}

}  // namespace pgadvise::deploy
