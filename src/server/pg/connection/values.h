// Parses values in PostgreSQL's text format.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
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

// NULL is "", '\0', false and `otherwise`.
inline const std::string& text(const std::optional<std::string>& value) {
  static const std::string empty;
  return value ? *value : empty;
}
inline char letter(const std::optional<std::string>& value) {
  return value && !value->empty() ? value->front() : '\0';
}
inline bool truth(const std::optional<std::string>& value) { return value && *value == "t"; }
inline double number(const std::optional<std::string>& value, double otherwise = 0) {
  return value ? std::strtod(value->c_str(), nullptr) : otherwise;
}

// The value of a parameter of type text[]: {"a","b"}. The elements are strings, or optional ones (NULL).
template <class Texts>
std::string array_of(const Texts& texts) {
  std::string out = "{";
  for (const auto& each : texts) {
    const std::optional<std::string> text(each);
    if (out.size() > 1) out += ',';
    if (!text) {
      out += "NULL";
      continue;
    }
    out += '"';
    for (const char c : *text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace pgadvise::pg
