// EXPLAIN's YAML and XML -> EXPLAIN's JSON. Both are a small, regular part of their languages (explain.c of
// PostgreSQL 12 to 18), which these readers know and nothing else: YAML's texts are JSON strings, one member
// a line; XML has no attribute but xmlns. In time and space linear in the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace pgadvise::sql {

// Objects and lists that may be open at the same time.
inline constexpr std::size_t deepest_explain = 4000;

// The JSON, or the line, from 1, that is not understood.
using ExplainJson = tl::expected<std::string, std::size_t>;

// From "- Plan:", or auto_explain's first line, on; what follows the plan is left out. The JSON has as many
// lines as the YAML, so that a line of one is the same line of the other.
ExplainJson json_of_yaml(std::string_view yaml);

// From "<explain" to "</explain>". What is known to be a number is one, and all else is text.
ExplainJson json_of_xml(std::string_view xml);

}  // namespace pgadvise::sql
