// Parses values in PostgreSQL's text format.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgadvise::pg {

// 0 for NULL and for text that is not a number.
inline std::int64_t whole(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}
inline std::int64_t whole(const std::optional<std::string>& value) {
  return value ? whole(std::string_view(*value)) : 0;
}

}  // namespace pgadvise::pg
