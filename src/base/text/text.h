// Text functions, independent of databases.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise {

// Of ASCII, whatever the locale is.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }
bool all_digits(std::string_view text);  // and not empty

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // ASCII only
std::vector<std::string_view> split(std::string_view text, char separator);
// The parts of a temporary string would outlive it.
template <std::same_as<std::string> T>
std::vector<std::string_view> split(T&& text, char separator) = delete;
// Whether the list (an array, a vector, words in braces) has the word.
template <class List = std::initializer_list<std::string_view>>
bool is_one_of(std::string_view word, const List& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}
// The word of an enumerator, from the words of all of them in their order.
template <class Enum>
constexpr std::string_view word_of(Enum value, std::initializer_list<std::string_view> words) {
  return words.begin()[static_cast<std::size_t>(value)];
}
// A table of words, as an array of the size that the list has.
template <std::convertible_to<std::string_view>... Words>
constexpr std::array<std::string_view, sizeof...(Words)> word_list(const Words&... words) {
  return {words...};
}
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// "a, b and 3 more": at most `most` of the names.
std::string join_first(std::vector<std::string> names, std::size_t most);
bool starts_with_nocase(std::string_view text, std::string_view prefix);  // ASCII only
std::string replace_all(std::string text, std::string_view from, std::string_view to);
bool contains(std::string_view text, std::string_view part);
template <class List = std::initializer_list<std::string_view>>
bool contains_any(std::string_view text, const List& parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return contains(text, part); });
}
template <class List = std::initializer_list<std::string_view>>
bool ends_with_any(std::string_view text, const List& endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return text.ends_with(ending); });
}
// The offsets of the first `most` occurrences of a part of the text; they may overlap.
std::vector<std::size_t> occurrences(std::string_view text, std::string_view part, std::size_t most);
std::size_t edit_distance(std::string_view a, std::string_view b);  // Levenshtein's, of bytes
// "did you mean x?", with the known word most similar to `word`; "" if none is similar.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// Makes text safe for a line of a terminal or CI log: control characters (C0, DEL, C1, direction), invisible
// ones, no UTF-8 and the # of ci_commands.h become \xNN or \u{N}, tabs and line ends become one space.
std::string printable(std::string_view text);
// The same for text of several lines: keeps line ends and tabs.
std::string printable_block(std::string_view text);
// printable(), cut to `width` code points; "…" marks a cut text.
std::string ellipsis(std::string_view text, std::size_t width);
// The same with "…" in the middle: at least the last `tail` code points stay, even where `width` is less.
std::string ellipsis_in_middle(std::string_view text, std::size_t width, std::size_t tail);

// FNV-1a, 64 bits. Stable over versions and machines, as ids depend on it.
std::uint64_t fnv1a(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL);
std::string hex64(std::uint64_t value);  // 16 lower-case digits

// Converts byte offsets to lines and columns, which count from 1 (columns in bytes). Keeps a view of the
// text, which must outlive it.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);
  struct Position {
    int line;
    int column;
  };
  Position at(std::size_t offset) const;

 private:
  std::vector<std::size_t> starts_;
};

}  // namespace pgadvise
