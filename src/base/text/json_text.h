// Checks of JSON text, for code that may not include a JSON library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgadvise {

// True for one well-formed JSON object or array (RFC 8259: UTF-8, surrogates in pairs, numbers that a double
// holds), optionally in white space, nested at most 64 deep. False for scalars: "1" and "true" do not show
// that a column contains JSON.
bool is_json_container(std::string_view text);

// Levels of arrays and objects that JSON files have at most; real ones have up to 20.
inline constexpr std::size_t deepest_json = 200;
// Whether brackets outside of strings nest deeper than `levels`, also in text that is no JSON. Linear.
bool nested_deeper(std::string_view json, std::size_t levels);
// Of text that parsed_json() (base/json_parse.h) discards: "is nested more than 200 levels deep: not read",
// or `otherwise`.
std::string why_no_json(std::string_view json, std::string otherwise, std::size_t levels = deepest_json);

// Escapes C1 control characters (U+009B starts a terminal's escape sequence, as ESC [ does), marks of text
// direction and the # of ci_commands.h in JSON from a library, which already escapes ASCII control
// characters. They occur only in strings, so they can be escaped in the text, and the values stay.
std::string escape_controls(std::string_view json);

}  // namespace pgadvise
