#include "drizzle/code_rows.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace pgadvise::drizzle {

using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

namespace {

constexpr int max_followed = 8;          // functions and variables
constexpr double few_rows = 5;           // a limit up to which rows are few
constexpr std::size_t max_nodes = 4000;  // of a function that is searched

bool yields_rows(const FoundQuery& query) {
  if (query.facts.first) return false;
  if (query.facts.kind == CodeQuery::Kind::select) {
    if (query.anchor.child(Field::function).child(Field::property).text() == "$count") return false;
    if (const QueryLink* limit = query.link("limit"))
      if (const auto arguments = arguments_of(limit->call); !arguments.empty())
        if (const double most = std::strtod(std::string(arguments.front().text()).c_str(), nullptr);
            most > 0 && most <= few_rows)
          return false;
    return true;
  }
  // An INSERT of one row returns one.
  if (!query.link("returning")) return false;
  if (query.facts.kind == CodeQuery::Kind::insert) {
    const QueryLink* values = query.link("values");
    const auto arguments = values ? arguments_of(values->call) : std::vector<Node>();
    return !arguments.empty() && !bare(arguments.front()).is(Kind::object);
  }
  return query.facts.kind == CodeQuery::Kind::update || query.facts.kind == CodeQuery::Kind::delete_;
}

}  // namespace

std::string property_in(const Node& pattern, const Node& name) {
  for (const Node& part : pattern.children()) {
    if (part == name) return std::string(name.text());
    if (part.is(Kind::pair_pattern) && part.child(Field::value) == name)
      return std::string(part.child(Field::key).text());
    if (part.is(Kind::object_assignment_pattern) && part.child(Field::left) == name)
      return std::string(name.text());
  }
  return {};
}

const FoundQuery* RowSources::of(const Node& expression, int depth) {
  const Node node = bare(expression);
  if (!node || depth > max_followed) return nullptr;
  const auto [entry, is_new] = rows_.try_emplace(node, nullptr);
  if (!is_new) return entry->second;
  const FoundQuery* found = find_rows(node, depth);
  return rows_[node] = found;
}

bool RowSources::filtered(const Node& expression) {
  Node at = bare(expression);
  for (int followed = 0; at && followed < max_followed; ++followed) {
    if (at.is(Kind::identifier)) {
      const Binding& binding = names_.find(at);
      if (binding.kind != Binding::Kind::variable || !binding.pattern.is(Kind::identifier)) return false;
      at = bare(binding.owner.child(Field::value));
    } else if (at.is(Kind::call_expression) && !index_.query(at)) {
      const auto arguments = arguments_of(at);
      // filter(Boolean) leaves out what is missing.
      if (method_of(at) == "filter" && !arguments.empty() && arguments.front().text() != "Boolean")
        return true;
      at = object_of(at);
    } else {
      return false;
    }
  }
  return false;
}

const FoundQuery* RowSources::find_rows(const Node& node, int depth) {
  if (const FoundQuery* query = index_.query(node)) return yields_rows(*query) ? query : nullptr;
  switch (node.kind()) {
    case Kind::identifier: return rows_of_variable(node, depth);
    case Kind::call_expression: return rows_of_call(node, depth);
    case Kind::new_expression: {
      static constexpr std::array<std::string_view, 2> made = {"Set", "Map"};
      const auto arguments = arguments_of(node);
      return is_one_of(node.child(Field::constructor).text(), made) && !arguments.empty()
                 ? of(arguments.front(), depth + 1)
                 : nullptr;
    }
    case Kind::array: {
      const auto parts = node.children();
      if (parts.size() != 1 || !parts[0].is(Kind::spread_element)) return nullptr;
      return of(parts[0].first().is(Kind::token) ? parts[0].children().front() : parts[0].first(), depth + 1);
    }
    case Kind::member_expression: return rows_of_member(node, depth);
    case Kind::binary_expression: {
      const std::string_view symbol = node.child(Field::operator_).text();
      return symbol == "??" || symbol == "||" ? of(node.child(Field::left), depth + 1) : nullptr;
    }
    case Kind::ternary_expression: {
      const FoundQuery* one = of(node.child(Field::consequence), depth + 1);
      return one ? one : of(node.child(Field::alternative), depth + 1);
    }
    default: return nullptr;
  }
}

const FoundQuery* RowSources::rows_of_variable(const Node& node, int depth) {
  const Binding& binding = names_.find(node);
  if (binding.kind != Binding::Kind::variable) return nullptr;
  const Node pattern = binding.pattern, value = bare(binding.owner.child(Field::value));
  if (pattern.is(Kind::array_pattern)) {  // const [orders, items] = await Promise.all([…])
    if (!value.is(Kind::call_expression) || value.child(Field::function).text() != "Promise.all")
      return nullptr;
    const auto arguments = arguments_of(value);
    const auto parts = pattern.children();
    const auto at = std::find(parts.begin(), parts.end(), binding.name);
    if (arguments.empty() || !arguments.front().is(Kind::array) || at == parts.end()) return nullptr;
    const auto items = arguments.front().children();
    const auto index = static_cast<std::size_t>(at - parts.begin());
    return index < items.size() ? of(items[index], depth + 1) : nullptr;
  }
  if (pattern.is(Kind::object_pattern))
    return property_rows(value, property_in(pattern, binding.name), depth + 1);
  if (!pattern.is(Kind::identifier)) return nullptr;
  const bool later = !value || value.is(Kind::array) ? value.children().empty() : false;
  return later ? rows_assigned(binding, depth) : of(value, depth + 1);
}

// let rows = []; rows = await …
const FoundQuery* RowSources::rows_assigned(const Binding& binding, int depth) {
  const FoundQuery* found = nullptr;
  const Node around = typescript::function_around(binding.name);
  if (!around) return nullptr;
  any_node(around, max_nodes, [&](const Node& at) {
    if (!at.is(Kind::assignment_expression) || at.child(Field::left).text() != binding.name.text())
      return false;
    const Node value = at.child(Field::right);
    if (contains(value.text(), binding.name.text())) return false;
    found = of(value, depth + 1);
    return found != nullptr;
  });
  return found;
}

// The rows in a property of what a function of the project returns.
const FoundQuery* RowSources::property_rows(const Node& value, const std::string& property, int depth) {
  if (property.empty() || depth > max_followed) return nullptr;
  const Node node = bare(value);
  if (node.is(Kind::object)) {
    for (const Node& part : node.children()) {
      if (part.is(Kind::shorthand_property_identifier) && part.text() == property) {
        const Binding& binding = names_.find(part);
        return binding.kind == Binding::Kind::variable && binding.pattern.is(Kind::identifier)
                   ? of(binding.owner.child(Field::value), depth + 1)
                   : nullptr;
      }
      if (part.is(Kind::pair) && part.child(Field::key).text() == property)
        return of(part.child(Field::value), depth + 1);
    }
    return nullptr;
  }
  if (const FoundQuery* query = index_.query(node)) {
    if (query->facts.kind == CodeQuery::Kind::execute) return property == "rows" ? query : nullptr;
    return nullptr;
  }
  if (node.is(Kind::identifier)) {
    const Binding& binding = names_.find(node);
    return binding.kind == Binding::Kind::variable && binding.pattern.is(Kind::identifier)
               ? property_rows(binding.owner.child(Field::value), property, depth + 1)
               : nullptr;
  }
  if (!node.is(Kind::call_expression)) return nullptr;
  const Node function = names_.called(node);
  if (!function) return nullptr;
  for (const Node& one : typescript::returned_values(function))
    if (const FoundQuery* found = property_rows(one, property, depth + 1)) return found;
  return nullptr;
}

const FoundQuery* RowSources::rows_of_member(const Node& node, int depth) {
  return property_rows(node.child(Field::object), std::string(node.child(Field::property).text()), depth + 1);
}

const FoundQuery* RowSources::rows_of_call(const Node& node, int depth) {
  static constexpr std::array<std::string_view, 12> kept = {"filter",   "map",     "slice",   "sort",
                                                            "toSorted", "reverse", "flatMap", "values",
                                                            "entries",  "keys",    "concat",  "flat"};
  static constexpr std::array<std::string_view, 14> functions = {
      "Object.values", "Object.keys", "Object.entries", "Array.from",    "structuredClone",
      "uniq",          "uniqBy",      "groupBy",        "sortBy",        "orderBy",
      "compact",       "keyBy",       "flatten",        "Object.groupBy"};
  const auto arguments = arguments_of(node);
  if (is_one_of(node.child(Field::function).text(), functions))
    return arguments.empty() ? nullptr : of(arguments.front(), depth + 1);
  if (const Node function = names_.called(node)) {
    for (const Node& value : typescript::returned_values(function))
      if (const FoundQuery* found = of(value, depth + 1)) return found;
    return nullptr;
  }
  return is_one_of(method_of(node), kept) ? of(object_of(node), depth + 1) : nullptr;
}

}  // namespace pgadvise::drizzle
