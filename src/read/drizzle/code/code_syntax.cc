#include "drizzle/code/code_syntax.h"

#include <cctype>

#include "base/text/text.h"

namespace pgadvise::drizzle {

Node object_of(const Node& call) { return bare(bare(call.child(Field::function)).child(Field::object)); }

std::string_view method_of(const Node& call) {
  // The grammar takes `await a.b<T>()` for a call of `await a.b`.
  const Node callee = bare(call.child(Field::function));
  return callee.is(Kind::member_expression) ? callee.text(Field::property) : std::string_view();
}

Node begin_of_members(Node expression) {
  while (expression.is(Kind::member_expression)) expression = bare(expression.child(Field::object));
  return expression;
}

bool is_assignment(const Node& node) {
  return node.is(Kind::assignment_expression, Kind::augmented_assignment_expression);
}

std::string member_name(const Node& expression) {
  if (expression.is(Kind::member_expression)) return std::string(expression.text(Field::property));
  if (!expression.is(Kind::subscript_expression)) return {};
  return string_value(bare(expression.child(Field::index))).value_or(std::string());
}

std::string key_of(const Node& pair) {
  const Node key = pair.child(Field::key);
  return string_value(key).value_or(std::string(key.text()));
}

Node property_of(const Node& object, std::string_view name) {
  for (const Node& part : object.children())
    if (part.is(Kind::pair) && part.text(Field::key) == name) return part.child(Field::value);
  return {};
}

std::string first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_' || text[end] == '$'))
    ++end;
  return std::string(text.substr(0, end));
}

Node member_of(const Node& object, std::string_view name) {
  for (const Node& part : object.children()) {
    if (part.is(Kind::shorthand_property_identifier) && part.text() == name) return part;
    if (part.is(Kind::method_definition) && part.text(Field::name) == name) return part;
  }
  return property_of(object, name);
}

bool is_awaited(Node expression) {
  if (expression.child(Field::function).is(Kind::await_expression)) return true;
  for (Node at = expression, above = at.parent(); above; at = above, above = above.parent()) {
    if (is_wrapper(above)) continue;
    switch (above.kind()) {
      case Kind::await_expression:
      case Kind::return_statement: return true;
      case Kind::arrow_function: return above.child(Field::body) == at;
      case Kind::ternary_expression:
      case Kind::array:
      case Kind::spread_element: continue;
      case Kind::arguments:
        return is_one_of(above.parent().text(Field::function), {"Promise.all", "Promise.allSettled"});
      case Kind::member_expression:
        if (!is_one_of(above.text(Field::property), {"then", "catch", "finally"})) return false;
        above = above.parent();
        continue;
      default: return false;
    }
  }
  return false;
}

bool runs_at_once(const Node& function) {
  if (!function.parent().is(Kind::arguments)) return false;
  const Node call = function.parent().parent();
  return is_awaited(call) || method_of(call) == "forEach";
}

std::string placeholder_in(const Node& expression) {
  const Node call = bare(expression);
  const std::string_view name = call.text(Field::function);
  if (name != "placeholder" && name != "sql.placeholder") return {};
  return string_value(argument_at(call)).value_or(std::string());
}

std::string property_in(const Node& pattern, const Node& name) {
  for (const Node& part : pattern.children()) {
    if (part == name) return std::string(name.text());
    if (part.is(Kind::pair_pattern) && part.child(Field::value) == name)
      return std::string(part.text(Field::key));
    if (part.is(Kind::object_assignment_pattern) && part.child(Field::left) == name)
      return std::string(name.text());
  }
  return {};
}

std::string_view name_of_called(const Node& call) {
  const std::string_view method = method_of(call);
  return method.empty() ? call.text(Field::function).substr(0, 100) : method;
}

std::vector<Node> choices_of(const Node& expression) {
  if (expression.is(Kind::ternary_expression))
    return {expression.child(Field::consequence), expression.child(Field::alternative)};
  if (!expression.is(Kind::binary_expression)) return {};
  return {expression.child(Field::left), expression.child(Field::right)};
}

bool is_inside(const Node& node, const Node& outer) {
  return outer && node.syntax() == outer.syntax() && node.offset() >= outer.offset() &&
         node.offset() < outer.offset() + outer.text().size();
}

}  // namespace pgadvise::drizzle
