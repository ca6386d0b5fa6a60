// Globs over paths, and the search that they share with patterns of .gitignore.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

// Whether the path matches a glob: *, ?, **, [a-z], {a,b}, and within a part of the path also !(a|b), @(a|b),
// ?(a), +(a) and *(a), as bash's extglob and Node's glob packages define them. A part whose groups would take
// long (over 100,000 steps) matches nothing.
bool matches_glob(std::string_view pattern, std::string_view path);

// "a/{b,c}" -> "a/b", "a/c". At most 100 of them.
std::vector<std::string> expand_braces(std::string pattern);

// Matches a text of `size` elements with a pattern of `pattern_size`. `star(at)`: whether the pattern has at
// `at` what stands for any number of elements. `one(at, i)`: how many elements of the pattern, from `at` on,
// match the element `i` of the text; 0: they don't. Returns where the rest of the pattern begins when the
// text is used up; nullopt: no match. Calls `one` at most pattern_size * size times.
template <class Star, class One>
std::optional<std::size_t> match_stars(std::size_t pattern_size, std::size_t size, Star star, One one) {
  std::size_t at = 0;
  std::optional<std::size_t> behind_star;
  for (std::size_t i = 0, retry = 0; i < size;) {
    if (at < pattern_size && star(at)) {
      behind_star = ++at;
      retry = i;
    } else if (const std::size_t width = at < pattern_size ? one(at, i) : 0; width > 0) {
      at += width;
      ++i;
    } else if (behind_star) {
      at = *behind_star;
      i = ++retry;
    } else {
      return std::nullopt;
    }
  }
  return at;
}

}  // namespace pgadvise::files
