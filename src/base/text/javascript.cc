#include "base/text/javascript.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {

bool js_identifier(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '$'; });
}

std::string quote_js(std::string_view text) {
  return "'" + replace_all(replace_all(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string js_member(std::string_view object, std::string_view property) {
  std::string out(object);
  return js_identifier(property) ? out + "." + std::string(property) : out + "[" + quote_js(property) + "]";
}

}  // namespace pgadvise
