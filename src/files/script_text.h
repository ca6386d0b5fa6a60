// TypeScript and JavaScript as text: comments out, strings found. No parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

// Comments become spaces; strings and offsets stay.
std::string without_comments(std::string_view text);

struct StringLiteral {
  std::size_t offset = 0;  // of the opening quote
  std::size_t end = 0;     // one past the closing quote
  std::string value;       // escapes as written but for quotes; ${…} of templates as written
};
// Of a text without comments, in order.
std::vector<StringLiteral> string_literals(std::string_view text);

}  // namespace pgadvise::files
