// Parses TypeScript and JavaScript with tree-sitter, and runs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "typescript/syntax.h"

namespace pgadvise::typescript {

// Bounds of a file. Real schema files have up to 200 KB and 60 levels.
inline constexpr std::size_t max_bytes = 2u << 20;
inline constexpr std::size_t max_depth = 500;  // levels; what lies deeper is Kind::too_deep
// Of the clock: far from what max_bytes takes, also on a machine that does much else.
inline constexpr std::uint64_t max_microseconds = 30'000'000;

// Whether parse() accepts the text: no larger than max_bytes, and not minified. Text of more than 50,000
// bytes is minified if its lines have more than 500 bytes on average, or one has more than 20,000. Costs one
// pass over larger text.
bool may_be_source(std::string_view text);

// Whether this build has the grammar. Without it, parse() always fails.
bool available();

// The extension of `file` chooses the grammar: .tsx, .jsx and .js with JSX, all others without. The parser
// recovers from syntax errors and counts them. Errors (nonfatal): the text exceeds a bound or is minified, or
// this build lacks the grammar. For any number of threads.
Result<std::unique_ptr<const Syntax>> parse(std::string file, std::string text);

}  // namespace pgadvise::typescript
