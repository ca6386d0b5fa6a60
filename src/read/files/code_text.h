// Source code as text, and the context of a position in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

inline constexpr std::size_t code_window = 300;  // number of bytes before a bracket that are searched

// Whether the character is part of a name in most languages; in JavaScript $ also is.
inline bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct CodeText {
  std::string text;   // without comments
  std::string plain;  // without comments, and strings replaced by blanks
};
CodeText code_text(const std::string& content);

// The open brackets at an offset, outermost first.
std::vector<std::size_t> open_brackets(const std::string& plain, std::size_t offset);

// The position after the last of the characters `ends` before an offset.
std::size_t begin_of_statement(const std::string& plain, std::size_t offset, std::string_view ends);

// The start of the value of `name:` (or `"name":`, `name =`), searching from `from` on; nullopt if there is
// none.
std::optional<std::size_t> value_of(std::string_view text, std::string_view name, std::size_t from);

// Whether the code around the position, or a return before it, limits it to some environments: `if (isDev)
// {`, `development: {`, `const testOptions = {`, `...(local && {`.
bool for_some_environments(const CodeText& code, std::size_t offset);

// Whether the position is in a branch of an `if`, `switch`, `catch` or loop, or after `&&` or `?`.
bool conditional(const CodeText& code, std::size_t offset);

}  // namespace pgadvise::files
