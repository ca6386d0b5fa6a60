#include "drizzle/checks/code_value_checks.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text/text.h"
#include "drizzle/checks/code_request_values.h"

namespace pgadvise::drizzle {
namespace {

constexpr int max_nodes_of_value = 50'000;  // that the search for one value's check visits
constexpr std::size_t max_signs = 8;        // ? and ! in one spelling of a member, and not in the other

class Search {
 public:
  Search(Bindings& names, int most) : names_(names), left_(most) {}

  int left() const { return left_; }

  // Whether a check of the value begins before the offset.
  bool finds(const Node& scope, const Node& value, std::size_t end = static_cast<std::size_t>(-1),
             int depth = 0) {
    std::vector<Node> open{scope};
    while (!open.empty() && left_ > 0) {
      --left_;
      const Node at = open.back();
      open.pop_back();
      if (at.offset() >= end) continue;
      if (checks(at, value, depth)) return true;
      for (Node part = at.first(); part; part = part.next())
        if (!part.is(Kind::token, Kind::type)) open.push_back(part);
    }
    return false;
  }

 private:
  static constexpr int max_followed = 4;  // calls, and parts of an expression

  bool checks(const Node& at, const Node& value, int depth) {
    switch (at.kind()) {
      case Kind::binary_expression: {
        const std::string_view symbol = at.text(Field::operator_);
        const Node left = at.child(Field::left), right = at.child(Field::right);
        if (symbol == "in") return is_value(left, value);
        return is_one_of(symbol, {"===", "!==", "==", "!="}) &&
               ((is_value(left, value) && is_known(right)) || (is_value(right, value) && is_known(left)));
      }
      case Kind::subscript_expression: return is_value(at.child(Field::index), value);  // columns[value]
      case Kind::unary_expression:
        return at.text(Field::operator_) == "+" && is_value(at.child(Field::argument), value);
      case Kind::call_expression: return call_checks(at, value, depth);
      default: return is_switch(at, value);
    }
  }

  // What a value may be compared with: not null, undefined, an empty string, true or the request again.
  static bool is_known(const Node& expression) {
    const Node node = bare(expression);
    if (const auto text = string_value(node)) return !text->empty();
    return node.is(Kind::number, Kind::identifier, Kind::member_expression, Kind::subscript_expression,
                   Kind::call_expression) &&
           node.text() != "undefined" && !is_request_text(node.text());
  }

  // switch (value) { case 'a': … }
  bool is_switch(const Node& at, const Node& value) {
    if (!at.is(Kind::other) || !at.has_token("switch") || !is_value(at.child(Field::value), value))
      return false;
    return std::ranges::any_of(at.child(Field::body).children(),
                               [](const Node& one) { return is_known(one.child(Field::value)); });
  }

  // Whether the call validates, escapes, converts or looks up the value itself: schema.parse({ value }),
  // list.includes(value), /^[a-z]+$/.test(value), Number(value), isColumn(value).
  bool call_checks(const Node& call, const Node& value, int depth) {
    static constexpr auto lists = word_list("includes", "has", "hasOwn", "hasOwnProperty", "indexOf",
                                            "lastIndexOf", "propertyIsEnumerable", "get");
    static constexpr auto numbers = word_list("Number", "BigInt", "parseInt", "parseFloat", "isNaN",
                                              "isFinite", "isInteger", "isSafeInteger");
    static constexpr auto vague = word_list("isString", "isEmpty", "isNil", "isNull", "isUndefined",
                                            "isDefined", "isNullish", "isArray", "isBlank");
    const auto arguments = arguments_of(call);
    const std::string_view name = name_of_called(call);
    const Node object = object_of(call);
    if (is_one_of(name, {"match", "replace", "replaceAll"}) && !arguments.empty() && is_value(object, value))
      return restricts(arguments.front());
    const auto place = place_of(arguments, value);
    if (!place) return false;
    if (name == "test" || name == "exec") return restricts(object);
    if (is_one_of(name, numbers) || (name == "call" && object.text().ends_with("hasOwnProperty")))
      return true;
    const std::string low = lower(name);
    if (contains_any(low, {"valid", "parse", "assert", "escape", "sanitize", "allowed", "safe"}) &&
        !contains_any(low, {"invalidate", "revalidate", "unsafe"}) && object.text() != "JSON")
      return true;
    if (object && is_one_of(name, lists)) return !is_request_text(object.text()) && !is_body(object);
    if (const Node function = names_.called(call))
      return is_type_guard(function) || compares_parameter(function, *place, depth);
    return name.size() > 2 && name.starts_with("is") && name[2] >= 'A' && name[2] <= 'Z' &&
           !is_one_of(name, vague);
  }

  bool compares_parameter(const Node& function, std::size_t place, int depth) {
    const auto patterns = parameter_patterns(function);
    return depth < max_followed && place < patterns.size() && patterns[place].is(Kind::identifier) &&
           finds(function.child(Field::body), patterns[place], static_cast<std::size_t>(-1), depth + 1);
  }

  // function isColumn(x: string): x is 'a' | 'b'; also with asserts. `x is string` says nothing of the text.
  static bool is_type_guard(const Node& function) {
    for (const Node& part : function.children()) {
      const std::string_view text = part.text();
      if (!part.is(Kind::type) || !text.starts_with(':')) continue;
      const auto at = text.find(" is ");
      if (at != std::string_view::npos && trim(text.substr(at + 4)) != "string") return true;
    }
    return false;
  }

  // Whether the pattern limits the text: an anchored one, or one for what is not allowed. A pattern from
  // elsewhere counts.
  bool restricts(const Node& expression) {
    const std::string_view text = origin_of(names_, expression).text();
    if (!text.starts_with('/')) return true;
    const std::string_view pattern = text.substr(1, text.rfind('/') - 1);
    return (pattern.starts_with('^') && pattern.ends_with('$')) ||
           contains_any(pattern, {"[^", "\\W", "\\D", "'", ";"});
  }

  // The argument that is the value, or an object or array with it.
  std::optional<std::size_t> place_of(const std::vector<Node>& arguments, const Node& value) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Node argument = bare(arguments[i]);
      if (is_value(argument, value)) return i;
      if (!argument.is(Kind::object, Kind::array)) continue;
      for (const Node& part : argument.children())
        if (is_value(part.is(Kind::pair) ? part.child(Field::value) : part, value)) return i;
    }
    return std::nullopt;
  }

  // Whether the expression is the value, also as value.trim(), String(value) or value ?? ''.
  bool is_value(const Node& expression, const Node& value) {
    Node node = bare(expression);
    for (int steps = 0; node && steps < max_followed && !is_same(node, value); ++steps) {
      const std::string_view symbol = node.text(Field::operator_);
      if (node.is(Kind::binary_expression) && (symbol == "??" || symbol == "||")) {
        node = bare(node.child(Field::left));
      } else if (node.is(Kind::call_expression) &&
                 is_one_of(method_of(node), {"trim", "toLowerCase", "toUpperCase", "toString"})) {
        node = bare(object_of(node));
      } else if (node.is(Kind::call_expression) && node.text(Field::function) == "String") {
        node = argument_at(node);
      } else {
        return false;
      }
    }
    return node && is_same(node, value);
  }

  // Whether both are the same variable, or the same member or call of one.
  bool is_same(const Node& one, const Node& other) {
    const std::size_t size = one.text().size(), other_size = other.text().size();
    if (size > other_size + max_signs || other_size > size + max_signs || spelled(one) != spelled(other))
      return false;
    const Node root = innermost(one);
    return !is_name(root) || names_.find(root).name == names_.find(innermost(other)).name;
  }

  // Without the signs ? and ! of a?.b and a!.b.
  static std::string spelled(const Node& node) {
    return replace_all(replace_all(std::string(node.text()), "?.", "."), "!", "");
  }

  static Node innermost(Node node) {
    for (Node inner = root_of(node); inner.is(Kind::call_expression); inner = root_of(node))
      node = bare(inner.child(Field::function));
    return root_of(node);
  }

  Bindings& names_;
  int left_;  // visits of nodes
};

}  // namespace

bool ValueChecks::checked(const Node& value, const Node& use) {
  Node scope = use;
  while (const Node outer = scope.parent()) scope = outer;
  for (Node at = function_around(use); at; at = function_around(at)) scope = at.child(Field::body);
  const int given = std::min(max_nodes_of_value, left_);
  Search search(names_, given);
  const bool found = search.finds(scope, value, use.offset() + use.text().size());
  left_ -= given - search.left();
  return found || search.left() <= 0;
}

}  // namespace pgadvise::drizzle
