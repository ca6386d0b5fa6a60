// The tokens of SQL, as far as masking constants needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pgadvise {

struct SqlToken {
  enum class Kind : std::uint8_t { word, quoted_name, string, number, operators, punctuation };
  Kind kind;
  bool secret = false;  // a column's, setting's or key's name
  bool key = false;     // a string that names something: ->'key', current_setting('name')
  bool hidden = false;
  std::size_t begin, end;
  std::string_view content;  // of a name or string: without its quotes
};

// Without comments and blanks. Text that is no SQL is read, too; what a quote opens and nothing closes ends
// with the text. `escapes`: a backslash in a string escapes what follows, as with standard_conforming_strings
// = off. Takes time linear in the text; the text must outlive the tokens.
std::vector<SqlToken> sql_tokens(std::string_view text, bool escapes);

}  // namespace pgadvise
