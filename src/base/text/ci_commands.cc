#include "base/text/ci_commands.h"

#include <algorithm>
#include <cstring>

namespace pgadvise {
namespace {

constexpr std::string_view colons = "::", signs = "##";

// The white space of Unicode beyond ASCII, which .NET's TrimStart() removes, as UTF-8.
constexpr std::string_view wide_blanks[] = {
    "\xc2\x85", "\xc2\xa0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007",   "\u2008",   "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

// As find(), in a quarter of the time where the first byte of `part` is frequent, as it is in JSON.
std::size_t find_part(std::string_view text, std::string_view part, std::size_t from) {
  if (from >= text.size()) return text.npos;
  const void* at = ::memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return at ? static_cast<std::size_t>(static_cast<const char*>(at) - text.data()) : text.npos;
}

// Whether nothing but white space is between the beginning of a line and byte `at`.
bool begins_line(std::string_view lines, std::size_t at) {
  for (lines = lines.substr(0, at); !lines.empty();) {
    const char last = lines.back();
    if (last == '\n' || last == '\r') return true;
    if (last == ' ' || (last >= '\t' && last <= '\f')) {
      lines.remove_suffix(1);
      continue;
    }
    const auto* const blank =
        std::ranges::find_if(wide_blanks, [lines](std::string_view one) { return lines.ends_with(one); });
    if (blank == std::end(wide_blanks)) return false;
    lines.remove_suffix(blank->size());
  }
  return true;
}

// Whether "::" follows in the line.
bool is_followed(std::string_view lines, std::size_t at) {
  const auto line = lines.substr(at, lines.find_first_of("\r\n", at) - at);
  return line.find(colons) != line.npos;
}

// `name` is in lower case.
bool begins_with(std::string_view text, std::string_view name) {
  const auto same = [](char a, char b) { return a == b || (b >= 'A' && b <= 'Z' && b - 'A' + 'a' == a); };
  return text.size() >= name.size() && std::equal(name.begin(), name.end(), text.begin(), same);
}

}  // namespace

bool begins_ci_command(std::string_view text, std::size_t at) {
  constexpr std::string_view names[] = {"##[", "##vso[", "##teamcity["};
  const std::string_view here = text.substr(std::min(at, text.size()));
  return std::ranges::any_of(names, [here](std::string_view name) { return begins_with(here, name); });
}

std::string without_ci_commands(std::string text) {
  const std::string_view lines = text;
  std::string out;
  std::size_t copied = 0;
  const auto put = [&](std::size_t end, std::string_view escape) {
    out.append(lines.substr(copied, end - copied)).append(escape);
    copied = end + 1;
  };
  std::size_t sign = find_part(lines, signs, 0), colon = find_part(lines, colons, 0);
  while (sign != lines.npos || colon != lines.npos) {
    if (sign < colon) {
      if (begins_ci_command(lines, sign)) put(sign, "\\x23");
      sign = find_part(lines, signs, sign + 1);
    } else {
      if (begins_line(lines, colon) && is_followed(lines, colon + colons.size())) put(colon + 1, "\\x3a");
      colon = find_part(lines, colons, colon + 1);
    }
  }
  if (copied == 0) return text;
  return out.append(lines.substr(copied));
}

}  // namespace pgadvise
