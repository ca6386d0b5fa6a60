#include "drizzle/schema/table_location.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/code_text.h"

namespace pgadvise::drizzle {
namespace {

bool in_name(char c) { return files::word_character(c) || c == '$'; }

// Behind `const NAME =`, or npos.
std::size_t behind_constant(std::string_view plain, std::string_view name) {
  for (std::size_t at = plain.find(name); at != std::string_view::npos; at = plain.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at > 0 && in_name(plain[at - 1])) || (end < plain.size() && in_name(plain[end]))) continue;
    const std::string_view before = trim(plain.substr(at > 20 ? at - 20 : 0, std::min<std::size_t>(at, 20)));
    const std::size_t next = plain.find_first_not_of(" \t\r\n", end);
    if ((before.ends_with("const") || before.ends_with("let") || before.ends_with("var")) &&
        next != std::string_view::npos && plain[next] == '=' && plain.substr(next, 2) != "==")
      return next + 1;
  }
  return std::string_view::npos;
}

// Of a call's arguments where number `which` (from 0) begins; npos when it has fewer.
std::size_t argument(std::string_view plain, std::size_t open, int which) {
  int depth = 0;
  int commas = 0;
  for (std::size_t at = open; at < plain.size(); ++at) {
    const char c = plain[at];
    if (c == '(' || c == '[' || c == '{') ++depth;
    else if (c == ')' || c == ']' || c == '}') --depth;
    else if (c == ',' && depth == 1) ++commas;
    if (depth == 0) return std::string_view::npos;
    if (c == ',' && depth == 1 && commas == which) {
      const std::size_t begin = plain.find_first_not_of(" \t\r\n", at + 1);
      return begin == std::string_view::npos || plain[begin] == ')' ? std::string_view::npos : begin;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<DrizzlePlace> drizzle_place(std::string_view text, std::string_view constant) {
  if (constant.empty()) return std::nullopt;
  const std::string plain = files::code_text(std::string(text)).plain;
  const std::size_t value = behind_constant(plain, constant);
  if (value == std::string::npos) return std::nullopt;
  DrizzlePlace out;
  const LineIndex lines(plain);
  out.line = lines.at(value).line;
  const std::size_t open = plain.find('(', value);
  if (open == std::string::npos) return out;
  const std::size_t list = argument(plain, open, 2);
  if (list == std::string::npos) return out;
  out.list_line = lines.at(list).line;
  std::size_t from = list;
  if (plain[from] == '(') ++from;
  std::size_t to = from;
  while (to < plain.size() && in_name(plain[to])) ++to;
  out.parameter = plain.substr(from, to - from);
  return out;
}

}  // namespace pgadvise::drizzle
