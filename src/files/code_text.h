// Code as text, and what stands around a place in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

inline constexpr std::size_t code_window = 300;  // bytes before a bracket that are looked at

// Of a name in most languages. In JavaScript $ is one, too.
inline bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct CodeText {
  std::string text;   // without comments
  std::string plain;  // strings blanked as well
};
CodeText code_text(const std::string& content);

// The innermost brackets that are open at an offset, outermost first.
std::vector<std::size_t> open_brackets(const std::string& plain, std::size_t offset);

// Behind the last of the characters `ends` before an offset.
std::size_t begin_of_statement(const std::string& plain, std::size_t offset, std::string_view ends);

// Where the value of `name:` (or `"name":`, `name =`) begins, from `from` on; nullopt: there is none.
std::optional<std::size_t> value_of(std::string_view text, std::string_view name, std::size_t from);

// Something around the place, or a return before it, says that it runs in some environments only: `if (isDev)
// {`, `development: {`, `const testOptions = {`, `...(local && {`.
bool for_some_environments(const CodeText& code, std::size_t offset);

// It stands in a branch of an `if`, `switch`, `catch` or loop, or behind `&&`, `?`.
bool conditional(const CodeText& code, std::size_t offset);

}  // namespace pgadvise::files
