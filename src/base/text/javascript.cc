#include "base/text/javascript.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {

bool js_identifier(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '$';
         });
}

std::string quote_js(std::string_view text) {
  return "'" + replace_all(replace_all(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string js_member(std::string_view object, std::string_view property) {
  std::string out(object);
  return js_identifier(property) ? out + "." + std::string(property) : out + "[" + quote_js(property) + "]";
}

}  // namespace pgadvise
