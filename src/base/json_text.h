// Checks of JSON text, for code that may not include a JSON library.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// True for one well-formed JSON object or array (RFC 8259), optionally in white space, nested at most 64
// deep. False for scalars: "1" and "true" do not show that a column contains JSON.
bool is_json_container(std::string_view text);

// Escapes the C1 control characters (U+009B starts a terminal's escape sequence, as ESC [ does) and marks of
// text direction in JSON from a library, which already escapes ASCII control characters. They occur only in
// strings, so they can be escaped in the text.
std::string escape_controls(std::string_view json);

}  // namespace pgadvise
