// What all JSON for programs has in common: members that may be missing, arrays, and the text of a value.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"

namespace pgadvise::report {

// Adds the member if the value is not "".
inline void put(nlohmann::ordered_json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

// The array of what `one` returns for each item, in their order; [] without items.
template <class Items, class One>
nlohmann::ordered_json array_of(const Items& items, One one) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const auto& item : items) out.push_back(one(item));
  return out;
}

// The text with a line end. Bytes that are not UTF-8 become U+FFFD. `indent`: -1 for one line.
inline std::string text_of(const nlohmann::ordered_json& value, int indent = 2) {
  using Json = nlohmann::ordered_json;
  return escape_controls(value.dump(indent, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace pgadvise::report
