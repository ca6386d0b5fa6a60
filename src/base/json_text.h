// JSON as text, for who may include no JSON library.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// True for one well-formed JSON object or array (RFC 8259), with white space around it at most, and nothing
// nested deeper than 64. Scalars are not counted: "1" and "true" say nothing about what a column holds.
bool is_json_container(std::string_view text);

// Of JSON as a library writes it, which escapes the controls of ASCII by itself: those of C1 (U+009B begins a
// terminal's command, as ESC [ does) and the marks that turn the direction of writing stand in strings alone,
// so that they can be escaped in the text.
std::string escape_controls(std::string_view json);

}  // namespace pgadvise
