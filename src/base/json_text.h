// Is a text JSON? For rules, which may include no JSON library.
#pragma once

#include <string_view>

namespace pgadvise {

// True for one well-formed JSON object or array (RFC 8259), with white space around it at most, and nothing nested
// deeper than 64. Scalars are not counted: "1" and "true" say nothing about what a column holds.
bool is_json_container(std::string_view text);

}  // namespace pgadvise
