// What all JSON for programs has in common: objects whose members may be missing, arrays, and the text of a
// value.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"

namespace pgadvise::report {

// Values of a member that may be missing: null pointers, like nullopt, stand for none.
template <class Value>
const Value* given(const Value& value) {
  return value.empty() ? nullptr : &value;
}
template <class Value>
std::optional<Value> when(bool condition, Value value) {
  return condition ? std::optional<Value>(std::move(value)) : std::nullopt;
}

// An optional or a pointer, but no text: without a value, put() adds no member.
template <class Value>
concept MayBeMissing = requires(const Value& value) { value.value_or(*value); } ||
                       (std::is_pointer_v<Value> && !std::is_same_v<Value, const char*>);

inline void put(nlohmann::ordered_json&) {}
// Adds members, whose names and values alternate, in this order.
template <class Value, class... Members>
void put(nlohmann::ordered_json& out, const char* name, Value&& value, Members&&... members) {
  if constexpr (MayBeMissing<std::remove_cvref_t<Value>>) {
    if (value) out[name] = *std::forward<Value>(value);
  } else {
    out[name] = std::forward<Value>(value);
  }
  put(out, std::forward<Members>(members)...);
}

// The object with these members, as put() adds them.
template <class... Members>
nlohmann::ordered_json object(Members&&... members) {
  auto out = nlohmann::ordered_json::object();
  put(out, std::forward<Members>(members)...);
  return out;
}

// What `json_of` makes of the value; without one nothing.
template <class Value, class JsonOf>
auto or_missing(const std::optional<Value>& value, JsonOf json_of) {
  return value ? std::optional(json_of(*value)) : std::nullopt;
}

// The value, or null without one.
template <class Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
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
