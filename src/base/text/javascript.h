// Names and strings in JavaScript and TypeScript.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// Whether the text can stand behind a dot: ASCII letters, digits, _ and $, no digit first. Reserved words
// can, too.
bool js_identifier(std::string_view text);

// In single quotes.
std::string quote_js(std::string_view text);

// "orders.total", "orders['sub total']".
std::string js_member(std::string_view object, std::string_view property);

}  // namespace pgadvise
