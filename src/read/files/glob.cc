#include "files/glob.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/text/text.h"

namespace pgadvise::files {
namespace {

// How much of the pattern matches the character: ?, [a-z] or the character itself; 0: nothing.
std::size_t glob_width(std::string_view pattern, char c) {
  if (pattern[0] != '[') return pattern[0] == '?' || pattern[0] == c ? 1 : 0;
  const auto close = pattern.find(']', 1);
  if (close == std::string_view::npos) return 0;
  for (std::size_t i = 1; i < close; ++i) {
    const bool range = i + 2 < close && pattern[i + 1] == '-';
    if (range ? c >= pattern[i] && c <= pattern[i + 2] : c == pattern[i]) return close + 1;
    i += range ? 2 : 0;
  }
  return 0;
}

// Of one part of a path, without slashes.
bool matches_part(std::string_view pattern, std::string_view text) {
  const auto end = match_stars(
      pattern.size(), text.size(), [&](std::size_t at) { return pattern[at] == '*'; },
      [&](std::size_t at, std::size_t i) { return glob_width(pattern.substr(at), text[i]); });
  return end && pattern.find_first_not_of('*', *end) == std::string_view::npos;
}

constexpr std::string_view kinds = "!@?+*";
constexpr int most_steps = 100'000;  // for a part of a path: the possibilities multiply with each group

// A group of a part, such as !(*.test) in "!(*.test).ts".
struct Group {
  std::string_view before, after;
  char kind = 0;
  std::vector<std::string_view> alternatives;
};

std::optional<Group> first_group(std::string_view pattern) {
  for (auto open = pattern.find('('); open != std::string_view::npos; open = pattern.find('(', open + 1)) {
    if (open == 0 || kinds.find(pattern[open - 1]) == std::string_view::npos) continue;
    Group out;
    out.before = pattern.substr(0, open - 1);
    out.kind = pattern[open - 1];
    std::size_t from = open + 1;
    int depth = 1;
    for (std::size_t at = from; at < pattern.size(); ++at) {
      depth += pattern[at] == '(' ? 1 : pattern[at] == ')' ? -1 : 0;
      if (depth > 0 && (depth > 1 || pattern[at] != '|')) continue;
      out.alternatives.push_back(pattern.substr(from, at - from));
      from = at + 1;
      if (depth > 0) continue;
      out.after = pattern.substr(from);
      return out;
    }
    return std::nullopt;  // no end
  }
  return std::nullopt;
}

bool matches_groups(std::string_view pattern, std::string_view text, int& steps);

bool matches_alternative(const Group& group, std::string_view text, int& steps) {
  return std::any_of(group.alternatives.begin(), group.alternatives.end(),
                     [&](std::string_view one) { return matches_groups(one, text, steps); });
}

// One or more alternatives, one after the other.
bool matches_repeated(const Group& group, std::string_view text, int& steps) {
  std::vector<bool> reached(text.size() + 1, false);
  reached[0] = true;
  for (std::size_t from = 0; from < text.size(); ++from)
    for (std::size_t to = from + 1; reached[from] && to <= text.size(); ++to)
      if (!reached[to]) reached[to] = matches_alternative(group, text.substr(from, to - from), steps);
  return text.empty() ? matches_alternative(group, text, steps) : reached.back();
}

bool matches_group(const Group& group, std::string_view text, int& steps) {
  switch (group.kind) {
    case '!': return !matches_alternative(group, text, steps);
    case '@': return matches_alternative(group, text, steps);
    case '?': return text.empty() || matches_alternative(group, text, steps);
    case '*': return text.empty() || matches_repeated(group, text, steps);
    default: return matches_repeated(group, text, steps);
  }
}

bool matches_groups(std::string_view pattern, std::string_view text, int& steps) {
  const auto group = first_group(pattern);
  if (!group) return matches_part(pattern, text);
  for (std::size_t from = 0; from <= text.size(); ++from) {
    if (!matches_part(group->before, text.substr(0, from))) continue;
    for (std::size_t to = from; to <= text.size(); ++to)
      if (--steps > 0 && matches_group(*group, text.substr(from, to - from), steps) &&
          matches_groups(group->after, text.substr(to), steps))
        return true;
  }
  return false;
}

bool matches_with_groups(std::string_view pattern, std::string_view text) {
  int steps = most_steps;
  return matches_groups(pattern, text, steps) && steps > 0;
}

bool matches_parts(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  const auto end = match_stars(
      pattern.size(), path.size(), [&](std::size_t at) { return pattern[at] == "**"; },
      [&](std::size_t at, std::size_t i) { return matches_with_groups(pattern[at], path[i]) ? 1U : 0U; });
  return end && std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(*end), pattern.end(),
                            [](std::string_view part) { return part == "**"; });
}

}  // namespace

std::vector<std::string> expand_braces(std::string pattern) {
  constexpr std::size_t max_patterns = 100;
  std::vector<std::string> open{std::move(pattern)}, out;
  while (!open.empty() && out.size() + open.size() < max_patterns) {
    const std::string one = std::move(open.back());
    open.pop_back();
    const auto close = one.find('}');
    const auto begin = close == std::string::npos ? close : one.rfind('{', close);
    if (begin == std::string::npos) {
      out.push_back(one);
      continue;
    }
    for (const auto part : split(std::string_view(one).substr(begin + 1, close - begin - 1), ','))
      open.push_back(one.substr(0, begin) + std::string(part) + one.substr(close + 1));
  }
  return out;
}

bool matches_glob(std::string_view pattern, std::string_view path) {
  const auto parts = split(path, '/');
  for (const auto& one : expand_braces(std::string(pattern)))
    if (matches_parts(split(one, '/'), parts)) return true;
  return false;
}

}  // namespace pgadvise::files
