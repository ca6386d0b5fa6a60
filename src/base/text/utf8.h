// UTF-8: the start of characters, for text that is cut by bytes, and the bytes of a code point.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pgadvise {

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // some editors begin a file with it

inline std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
}

// Whether the byte is not the first of a character.
inline bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

inline std::size_t character_count(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

// The start of the character that contains the byte `at`.
inline std::size_t character_begin(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && continues_character(text[at])) --at;
  return at;
}

// Appends the code point. Half a surrogate pair and what is no code point append nothing.
void append_utf8(std::string& out, char32_t code);

}  // namespace pgadvise
