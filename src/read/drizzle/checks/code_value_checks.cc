#include "drizzle/checks/code_value_checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/text/text.h"
#include "drizzle/checks/code_request_values.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::is_name;
using typescript::Kind;
using typescript::Node;

constexpr int max_followed = 4;          // variables and calls
constexpr int max_nodes = 50'000;        // that the search for one value's check visits
constexpr std::size_t max_signs = 8;     // ? and ! in one spelling of a member, and not in the other
constexpr std::size_t max_text = 4'000;  // bytes of a variable's value that the search looks into

class Search {
 public:
  Search(typescript::Bindings& names, int most) : names_(names), left_(most) {}

  int left() const { return left_; }

  // Whether a check of the value begins before the offset.
  bool finds(const Node& scope, const Node& value, std::size_t end) {
    return search(scope, end, [&](const Node& at) { return is_check(at, value); });
  }

 private:
  // Calls `act` for the nodes of the subtree that begin before the offset until it returns true, or no visits
  // are left.
  template <class Act>
  bool search(const Node& root, std::size_t end, Act&& act) {
    std::vector<Node> open{root};
    while (!open.empty() && left_ > 0) {
      --left_;
      const Node at = open.back();
      open.pop_back();
      if (at.offset() >= end) continue;
      if (act(at)) return true;
      for (Node part = at.first(); part; part = part.next())
        if (!part.is(Kind::token) && !part.is(Kind::type)) open.push_back(part);
    }
    return false;
  }

  bool is_check(const Node& at, const Node& value) {
    switch (at.kind()) {
      case Kind::if_statement:
      case Kind::while_statement:
      case Kind::ternary_expression: return decides(at.child(Field::condition), value, 0);
      case Kind::binary_expression: {
        const std::string_view symbol = at.child(Field::operator_).text();
        return (symbol == "&&" || symbol == "||") && decides(at.child(Field::left), value, 0);
      }
      case Kind::call_expression: return validates(at, value, 0);
      case Kind::assignment_expression: return is_value(at.child(Field::left), value) && converts(at, value);
      default: return is_switch(at, value);
    }
  }

  // Whether the condition, or a variable in it, compares the value: const ok = list.includes(value); if (!ok)
  bool decides(const Node& condition, const Node& value, int depth) {
    return search(condition, static_cast<std::size_t>(-1), [&](const Node& at) {
      if (compares(at, value, depth)) return true;
      if (!is_name(at) || depth >= max_followed || is_same(at, value)) return false;
      const Binding& binding = names_.find(at);
      if (binding.kind != Binding::Kind::variable) return false;
      const Node initial = bare(binding.owner.child(Field::value));
      return initial && !typescript::is_function(initial) && initial.text().size() <= max_text &&
             decides(initial, value, depth + 1);
    });
  }

  bool compares(const Node& at, const Node& value, int depth) {
    if (at.is(Kind::binary_expression)) {
      const std::string_view symbol = at.child(Field::operator_).text();
      const Node left = at.child(Field::left), right = at.child(Field::right);
      if (symbol == "in") return is_value(left, value);
      return is_one_of(symbol, {"===", "!==", "==", "!="}) &&
             ((is_value(left, value) && is_known(right)) || (is_value(right, value) && is_known(left)));
    }
    if (at.is(Kind::subscript_expression)) return is_value(at.child(Field::index), value);  // columns[value]
    if (at.is(Kind::unary_expression))
      return at.child(Field::operator_).text() == "+" && is_value(at.child(Field::argument), value);
    if (at.is(Kind::call_expression)) return validates(at, value, depth) || looks_up(at, value, depth);
    return is_switch(at, value);
  }

  // What a value may be compared with: not null, undefined, an empty string, true or the request again.
  static bool is_known(const Node& expression) {
    const Node node = bare(expression);
    if (const auto text = typescript::string_value(node)) return !text->empty();
    return (node.is(Kind::number) || node.is(Kind::identifier) || node.is(Kind::member_expression) ||
            node.is(Kind::subscript_expression) || node.is(Kind::call_expression)) &&
           node.text() != "undefined" && !is_request_text(node.text());
  }

  // switch (value) { case 'a': … }
  bool is_switch(const Node& at, const Node& value) {
    if (!at.is(Kind::other) || !at.has_token("switch") || !is_value(at.child(Field::value), value))
      return false;
    return std::ranges::any_of(at.child(Field::body).children(),
                               [](const Node& one) { return is_known(one.child(Field::value)); });
  }

  // Whether a function gets the value itself that validates, parses or escapes it, or is a type guard;
  // assert(list.includes(value)).
  bool validates(const Node& call, const Node& value, int depth) {
    const auto arguments = arguments_of(call);
    const std::string name = lower(name_of(call));
    if (!arguments.empty() && contains_any(name, {"assert", "invariant"}) && depth < max_followed &&
        decides(arguments.front(), value, depth + 1))
      return true;
    const auto place = place_of(arguments, value);
    if (!place) return false;
    if (contains_any(name, {"valid", "parse", "assert", "escape", "sanitize", "allowed", "safe"}) &&
        !contains_any(name, {"invalidate", "revalidate", "unsafe"}) && name != "parseint" &&
        name != "parsefloat" && bare(call.child(Field::function)).text() != "JSON.parse")
      return true;
    const Node function = names_.called(call);
    return function &&
           (is_type_guard(function) || (throws(function) && looks_at_parameter(function, *place, depth)));
  }

  // Of a condition: list.includes(value), /^[a-z]+$/.test(value), Number(value), isColumn(value).
  bool looks_up(const Node& call, const Node& value, int depth) {
    static constexpr std::array<std::string_view, 8> lists = {
        "includes", "has", "hasOwn", "hasOwnProperty", "indexOf", "lastIndexOf", "propertyIsEnumerable",
        "get"};
    static constexpr std::array<std::string_view, 8> numbers = {
        "Number", "BigInt", "parseInt", "parseFloat", "isNaN", "isFinite", "isInteger", "isSafeInteger"};
    const auto arguments = arguments_of(call);
    const std::string_view name = name_of(call);
    const Node object = object_of(call);
    if (name == "match" && !arguments.empty() && is_value(object, value)) return restricts(arguments.front());
    const auto place = place_of(arguments, value);
    if (!place) return false;
    if (name == "test" || name == "exec") return restricts(object);
    if (object && is_one_of(name, lists)) return !is_request_text(object.text()) && !is_body(object);
    if (is_one_of(name, numbers) || (name == "call" && object.text().ends_with("hasOwnProperty")))
      return true;
    if (const Node function = names_.called(call)) return looks_at_parameter(function, *place, depth);
    static constexpr std::array<std::string_view, 9> vague = {"isString",  "isEmpty",     "isNil",
                                                              "isNull",    "isUndefined", "isDefined",
                                                              "isNullish", "isArray",     "isBlank"};
    return name.size() > 2 && name.starts_with("is") && name[2] >= 'A' && name[2] <= 'Z' &&
           !is_one_of(name, vague);
  }

  // value = Number(value), value = value.replace(/[^a-z]/g, '')
  bool converts(const Node& assignment, const Node& value) {
    const Node right = bare(assignment.child(Field::right));
    if (!right.is(Kind::call_expression) || is_value(right, value)) return false;
    return place_of(arguments_of(right), value) ||
           (contains(method_of(right), "replace") && is_value(object_of(right), value));
  }

  bool looks_at_parameter(const Node& function, std::size_t place, int depth) {
    const auto patterns = typescript::parameter_patterns(function);
    if (depth >= max_followed || place >= patterns.size() || !patterns[place].is(Kind::identifier))
      return false;
    return search(function.child(Field::body), static_cast<std::size_t>(-1),
                  [&](const Node& at) { return compares(at, patterns[place], depth + 1); });
  }

  bool throws(const Node& function) {
    return search(function.child(Field::body), static_cast<std::size_t>(-1),
                  [](const Node& at) { return at.is(Kind::throw_statement); });
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

  // Whether the pattern leaves no free text: an anchored one, or one for what is not allowed. A pattern that
  // is no literal counts.
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
      if (!argument.is(Kind::object) && !argument.is(Kind::array)) continue;
      for (const Node& part : argument.children())
        if (is_value(part.is(Kind::pair) ? part.child(Field::value) : part, value)) return i;
    }
    return std::nullopt;
  }

  // Whether the expression is the value, also as value.trim(), String(value) or value ?? ''.
  bool is_value(const Node& expression, const Node& value) {
    Node node = bare(expression);
    for (int steps = 0; node && steps < max_followed && !is_same(node, value); ++steps) {
      const std::string_view symbol = node.child(Field::operator_).text();
      if (node.is(Kind::binary_expression) && (symbol == "??" || symbol == "||")) {
        node = bare(node.child(Field::left));
      } else if (node.is(Kind::call_expression) &&
                 is_one_of(method_of(node), {"trim", "toLowerCase", "toUpperCase", "toString"})) {
        node = bare(object_of(node));
      } else if (node.is(Kind::call_expression) && node.child(Field::function).text() == "String") {
        node = argument_at(node);
      } else {
        return false;
      }
    }
    return node && is_same(node, value);
  }

  // Whether both are the same variable, or the same member or call of one.
  bool is_same(const Node& one, const Node& other) {
    if (is_name(one) != is_name(other)) return false;
    if (!is_name(one)) {
      const std::size_t size = one.text().size(), other_size = other.text().size();
      if (size > other_size + max_signs || other_size > size + max_signs || spelled(one) != spelled(other))
        return false;
      const Node root = innermost(one), other_root = innermost(other);
      return !root.is(Kind::identifier) || names_.find(root).name == names_.find(other_root).name;
    }
    return one.text() == other.text() && names_.find(one).name == names_.find(other).name;
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

  // The function's or method's name that is called.
  static std::string_view name_of(const Node& call) {
    const Node callee = bare(call.child(Field::function));
    return callee.is(Kind::member_expression) ? callee.child(Field::property).text() : callee.text();
  }

  typescript::Bindings& names_;
  int left_;  // visits of nodes
};

}  // namespace

bool ValueChecks::checked(const Node& value, const Node& use) {
  Node scope = use;
  while (const Node outer = scope.parent()) scope = outer;
  for (Node at = typescript::function_around(use); at; at = typescript::function_around(at))
    scope = at.child(Field::body);
  const int given = std::min(max_nodes, left_);
  Search search(names_, given);
  const bool found = search.finds(scope, value, use.offset() + use.text().size());
  left_ -= given - search.left();
  return found || search.left() <= 0;
}

}  // namespace pgadvise::drizzle
