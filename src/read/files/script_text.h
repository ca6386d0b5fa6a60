// Simple scanning of TypeScript and JavaScript, without a parser: removes comments, finds strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

// Replaces comments by spaces, so that offsets stay valid.
std::string without_comments(std::string_view text);

struct StringLiteral {
  std::size_t offset = 0;  // of the opening quote
  std::size_t end = 0;     // one past the closing quote
  std::string value;       // with escapes as written, except of quotes; ${…} of templates as written
};
// The strings in text without comments, in order.
std::vector<StringLiteral> string_literals(std::string_view text);

}  // namespace pgadvise::files
