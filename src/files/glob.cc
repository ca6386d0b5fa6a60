#include "files/glob.h"

#include "base/text.h"

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

bool matches_parts(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  // reached[i]: the first i parts of the path match the pattern so far
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (const auto part : pattern) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (part == "**") next[i] = reached[i] || (i > 0 && next[i - 1]);
      else if (i > 0) next[i] = reached[i - 1] && matches_part(part, path[i - 1]);
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
