#include "base/ci_commands.h"

#include <algorithm>

namespace pgadvise {
namespace {

constexpr std::string_view colons = "::";

// The white space of Unicode, which .NET's TrimStart() removes, as UTF-8.
constexpr std::string_view blanks[] = {" ",      "\t",     "\v",     "\f",     "\xc2\x85", "\xc2\xa0",
                                       "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",   "\u2004",
                                       "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",   "\u200a",
                                       "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

std::size_t after_blanks(std::string_view line) {
  std::size_t at = 0;
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view blank : blanks)
      if (line.substr(at).starts_with(blank)) at += blank.size(), found = true;
  }
  return at;
}

// `name` is in lower case.
bool begins_with(std::string_view text, std::string_view name) {
  const auto same = [](char a, char b) { return a == b || (b >= 'A' && b <= 'Z' && b - 'A' + 'a' == a); };
  return text.size() >= name.size() && std::equal(name.begin(), name.end(), text.begin(), same);
}

void add_line(std::string& out, std::string_view line) {
  const std::size_t begin = after_blanks(line);
  if (line.substr(begin).starts_with(colons) && line.find(colons, begin + colons.size()) != line.npos) {
    out.append(line.substr(0, begin + 1)).append("\\x3a");
    line.remove_prefix(begin + colons.size());
  }
  for (std::size_t at = 0; (at = line.find("##", at)) != line.npos; ++at) {
    if (!begins_ci_command(line, at)) continue;
    out.append(line.substr(0, at)).append("\\x23");
    line.remove_prefix(at + 1);
    at = 0;
  }
  out.append(line);
}

}  // namespace

bool begins_ci_command(std::string_view text, std::size_t at) {
  constexpr std::string_view names[] = {"##[", "##vso[", "##teamcity["};
  const std::string_view here = text.substr(std::min(at, text.size()));
  return std::any_of(std::begin(names), std::end(names),
                     [here](std::string_view name) { return begins_with(here, name); });
}

std::string without_ci_commands(std::string_view lines) {
  std::string out;
  out.reserve(lines.size());
  for (;;) {
    const std::size_t end = lines.find_first_of("\r\n");
    add_line(out, lines.substr(0, end));
    if (end == lines.npos) return out;
    out += lines[end];
    lines.remove_prefix(end + 1);
  }
}

}  // namespace pgadvise
