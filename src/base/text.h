// Small helpers on text. Knows nothing of databases.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise {

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // ASCII only
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool starts_with_nocase(std::string_view text, std::string_view prefix);  // ASCII only
std::string replace_all(std::string text, std::string_view from, std::string_view to);
bool contains(std::string_view text, std::string_view part);
std::size_t edit_distance(std::string_view a, std::string_view b);  // Levenshtein's, of bytes

// Input text made safe for a terminal and for one line: control characters (C0, DEL, C1, bidirectional ones,
// what is invisible) become
// \xNN or \u{N}, tabs and line ends one space; invalid UTF-8 bytes become \xNN.
std::string printable(std::string_view text);
// The same for a text of several lines: line ends and tabs stay.
std::string printable_block(std::string_view text);
// printable(), cut to `width` code points with "…" at the end when longer.
std::string ellipsis(std::string_view text, std::size_t width);

// FNV-1a, 64 bits, over the bytes; stable over versions and machines: ids are built on it.
std::uint64_t fnv1a(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL);
std::string hex64(std::uint64_t value);  // 16 lower-case digits

// Byte offset -> 1-based line and column (columns count bytes). Keeps a view: the text must outlive it.
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
