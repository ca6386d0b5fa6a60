// JSON text to values. Values are copied, written and compared by recursion, so that text which nests deeper
// than the stack is never made into one.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"

namespace pgadvise {

// The value, which is_discarded() where the text is no JSON, or is nested deeper than `levels`. `Json`:
// nlohmann::json, or nlohmann::ordered_json. Throws nothing. why_no_json() says which of the two it is.
template <class Json = nlohmann::json>
Json parsed_json(std::string_view text, std::size_t levels = deepest_json) {
  if (nested_deeper(text, levels)) return Json(nlohmann::json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

}  // namespace pgadvise
