// Parses values in PostgreSQL's text format.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

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

// Parses a value by the type of the variable: a string, bool, integer or double, or an optional one. NULL
// leaves the variable as it is.
template <class T>
void read_value(const std::optional<std::string>& value, T& out) {
  if (!value) return;
  if constexpr (std::is_same_v<T, std::string>) out = *value;
  else if constexpr (std::is_same_v<T, bool>) out = truth(value);
  else if constexpr (std::is_same_v<T, double>) out = number(value);
  else if constexpr (std::is_integral_v<T>) out = static_cast<T>(whole(value));
  else read_value(value, out.emplace());
}
inline void read_value(const std::optional<std::string>&, decltype(std::ignore)&) {}

// Reads the first columns of a row into variables, in the order of the SELECT; std::ignore passes one over.
template <class Row, class... Variables>
void read_row(const Row& row, Variables&... out) {
  std::size_t column = 0;
  (read_value(row[column++], out), ...);
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
