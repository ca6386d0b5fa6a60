#include "typescript/value.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace pgadvise::typescript {

const Property* Value::property(std::string_view key) const {
  const auto found =
      std::ranges::find_if(properties, [&](const Property& property) { return property.key == key; });
  return found == properties.end() ? nullptr : &*found;
}

std::optional<bool> Value::truthy() const {
  switch (kind) {
    case Kind::undefined:
    case Kind::null: return false;
    case Kind::boolean: return truth;
    case Kind::number: return text != "0" && text != "NaN";
    case Kind::string: return !text.empty();
    case Kind::array:
    case Kind::object:
    case Kind::function:
    case Kind::module_space: return true;
    default: return std::nullopt;
  }
}

std::optional<std::string> Value::as_text() const {
  switch (kind) {
    case Kind::undefined: return "undefined";
    case Kind::null: return "null";
    case Kind::boolean: return truth ? "true" : "false";
    case Kind::number:
    case Kind::string: return text;
    default: return std::nullopt;
  }
}

ValuePtr make(Value value) {
  constexpr int max_levels = 300;
  if (value.base) value.depth = value.base->depth + 1;
  for (const auto& item : value.items) value.depth = std::max(value.depth, item->depth + 1);
  for (const auto& property : value.properties)
    value.depth = std::max(value.depth, property.value->depth + 1);
  if (value.depth > max_levels) return unknown("a value that is nested too deep", value.node);
  return std::make_shared<const Value>(std::move(value));
}

ValuePtr unknown(std::string why, const Node& node) {
  return make({.kind = Value::Kind::unknown, .text = std::move(why), .node = node});
}

ValuePtr text_value(std::string text, const Node& node) {
  return make({.kind = Value::Kind::string, .text = std::move(text), .node = node});
}

ValuePtr number_value(double number, const Node& node) {
  constexpr double whole = 9007199254740992;  // 2^53
  std::string text = std::isnan(number) ? "NaN"
                     : std::trunc(number) == number && std::abs(number) < whole
                         ? fmt::format("{:.0f}", number)
                         : fmt::format("{}", number);
  if (text == "-0") text = "0";
  return make({.kind = Value::Kind::number, .text = std::move(text), .node = node});
}

ValuePtr boolean_value(bool truth, const Node& node) {
  return make({.kind = Value::Kind::boolean, .truth = truth, .node = node});
}

ValuePtr undefined_value(const Node& node) { return make({.kind = Value::Kind::undefined, .node = node}); }

// `budget`: comparisons that may be made; values share parts, so that there may be very many.
static ValuePtr common(const ValuePtr& one, const ValuePtr& other, const Node& node, int& budget) {
  using Values = Value::Kind;
  if (one == other) return one;
  const auto differ = [&] { return unknown("a value that depends on a condition", node); };
  if (one->kind != other->kind || one->partial || other->partial || --budget < 0) return differ();
  switch (one->kind) {
    case Values::undefined:
    case Values::null: return one;
    case Values::boolean: return one->truth == other->truth ? one : differ();
    case Values::number:
    case Values::string: return one->text == other->text ? one : differ();
    case Values::external: return one->text == other->text && one->name == other->name ? one : differ();
    case Values::object: {
      Value out{.kind = Values::object, .node = node};
      for (const auto& property : one->properties) {
        const Property* same = other->property(property.key);
        if (!same) out.partial = true;
        else
          out.properties.push_back(
              {property.key, common(property.value, same->value, property.node, budget), property.node});
      }
      out.partial = out.partial || out.properties.size() != other->properties.size();
      return make(std::move(out));
    }
    case Values::call: {
      if (one->items.size() != other->items.size() || one->is_new != other->is_new) return differ();
      Value out{
          .kind = Values::call, .is_new = one->is_new, .base = common(one->base, other->base, node, budget)};
      if (out.base->is(Values::unknown)) return differ();
      for (std::size_t i = 0; i < one->items.size(); ++i)
        out.items.push_back(common(one->items[i], other->items[i], node, budget));
      out.node = node;
      return make(std::move(out));
    }
    default: return differ();
  }
}

ValuePtr common_value(const ValuePtr& one, const ValuePtr& other, const Node& node) {
  int budget = 10'000;
  return common(one, other, node, budget);
}

void set_property(Value& object, Property property) {
  const auto found =
      std::ranges::find_if(object.properties, [&](const Property& one) { return one.key == property.key; });
  if (found == object.properties.end()) object.properties.push_back(std::move(property));
  else *found = std::move(property);
}

}  // namespace pgadvise::typescript
