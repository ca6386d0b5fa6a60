#include "log/record/parameters.h"

#include <algorithm>
#include <optional>

#include "base/text/text.h"

namespace pgadvise::log {
namespace {

struct Value {
  int number = 0;
  bool null = false;
  std::string_view quoted;  // between the quotes, '' not undone
};

// Takes the string in single quotes at the front of `text`: what is between them, '' not undone. nullopt, and
// nothing taken: no quote closes it.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  std::size_t end = 1;
  while ((end = text.find('\'', end)) != std::string_view::npos && text.substr(end + 1, 1) == "'") end += 2;
  if (end == std::string_view::npos) return std::nullopt;
  const auto out = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return out;
}

// Takes the next "$n = value" and the comma behind it.
bool take(std::string_view& text, Value& value) {
  if (!text.starts_with('$')) return false;
  std::size_t at = 1;
  int number = 0;
  while (at < text.size() && is_digit(text[at]) && number < 100000) number = number * 10 + (text[at++] - '0');
  if (at == 1 || number == 0 || text.substr(at, 3) != " = ") return false;
  std::string_view rest = text.substr(at + 3);
  value = {number, false, {}};
  if (rest.starts_with("NULL")) {
    value.null = true;
    rest.remove_prefix(4);
  } else if (rest.starts_with('\'')) {
    const auto quoted = take_quoted(rest);
    if (!quoted) return false;
    value.quoted = *quoted;
  } else {
    return false;
  }
  if (rest.starts_with(", ")) rest.remove_prefix(2);
  text = rest;
  return true;
}

}  // namespace

Parameters parse_parameters(std::string_view text) {
  Parameters out;
  for (Value value; take(text, value);) {
    if (value.number != static_cast<int>(out.size()) + 1) break;
    if (value.null) out.emplace_back();
    else out.emplace_back(replace_all(std::string(value.quoted), "''", "'"));
  }
  return out;
}

std::uint64_t hash_parameters(std::string_view text, const std::vector<int>& left_out, std::uint64_t seed) {
  if (left_out.empty()) return text.empty() ? seed : hash_bytes(text, seed);
  for (Value value; take(text, value);) {
    if (std::find(left_out.begin(), left_out.end(), value.number) != left_out.end()) continue;
    seed = hash_bytes(value.null ? std::string_view("\0", 1) : value.quoted, seed);
  }
  return seed;
}

std::optional<Parameters> parse_arguments(std::string_view execute) {
  const auto open = execute.find('(');
  if (open == std::string_view::npos) return Parameters{};
  Parameters out;
  std::string_view rest = trim(execute.substr(open + 1));
  while (!rest.starts_with(')')) {
    if (rest.starts_with('\'')) {
      const auto quoted = take_quoted(rest);
      if (!quoted) return std::nullopt;
      out.emplace_back(replace_all(std::string(*quoted), "''", "'"));
      rest = trim(rest);
    } else {
      const auto end = rest.find_first_of(",)");
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view word = trim(rest.substr(0, end));
      if (word.empty() || word.find_first_not_of("0123456789.+-eE") != std::string_view::npos) {
        if (lower(word) != "null") return std::nullopt;
        out.emplace_back();
      } else {
        out.emplace_back(std::string(word));
      }
      rest = rest.substr(end);
    }
    if (rest.starts_with(',')) rest = trim(rest.substr(1));
    else if (!rest.starts_with(')')) return std::nullopt;
  }
  return out;
}

}  // namespace pgadvise::log
