#include "files/glob.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/text/text.h"

namespace pgadvise::files {
namespace {

// Of one part of a path, without slashes.
bool matches_part(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    std::size_t width = 0;  // of what matches one character
    if (p < pattern.size() && pattern[p] == '[') {
      const auto close = pattern.find(']', p + 1);
      if (close != std::string_view::npos) {
        bool inside = false;
        for (std::size_t i = p + 1; i < close; ++i)
          if (i + 2 < close && pattern[i + 1] == '-') {
            inside = inside || (text[t] >= pattern[i] && text[t] <= pattern[i + 2]);
            i += 2;
          } else {
            inside = inside || text[t] == pattern[i];
          }
        if (inside) width = close - p + 1;
      }
    } else if (p < pattern.size() && pattern[p] != '*' && (pattern[p] == '?' || pattern[p] == text[t])) {
      width = 1;
    }
    if (width) {
      p += width;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
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
  // reached[i]: the first i parts of the path match the pattern so far
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (const auto part : pattern) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (part == "**") next[i] = reached[i] || (i > 0 && next[i - 1]);
      else if (i > 0) next[i] = reached[i - 1] && matches_with_groups(part, path[i - 1]);
    }
    reached = std::move(next);
  }
  return reached.back();
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
