#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/text/text.h"
#include "typescript/module.h"
#include "typescript/program.h"

namespace pgadvise::typescript {
namespace {

using Values = Value::Kind;

constexpr std::size_t max_properties = 3000;  // of an object
// The number of a literal: 1_000, 0xff, 10n.
std::optional<double> number_of(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '_') digits += c;
  if (digits.size() > 1 && digits.back() == 'n') digits.pop_back();
  if (digits.size() > 2 && digits[0] == '0' &&
      (digits[1] == 'b' || digits[1] == 'B' || digits[1] == 'o' || digits[1] == 'O'))
    return static_cast<double>(
        std::strtoull(digits.c_str() + 2, nullptr, digits[1] == 'b' || digits[1] == 'B' ? 2 : 8));
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  if (end == digits.c_str() || *end) return std::nullopt;
  return number;
}

void bind_rest(const Node& pattern, const ValuePtr& value, Scope* scope) {
  for (const Node& name : bound_names(pattern)) scope->variables[std::string(name.text())] = value;
}

// The variable of the name in the innermost scope that has one; nullptr: none has.
ValuePtr* variable_in(Scope* scope, const std::string& name) {
  for (; scope; scope = scope->above)
    if (const auto found = scope->variables.find(name); found != scope->variables.end())
      return &found->second;
  return nullptr;
}

ValuePtr without_known_value(const Node& node) {
  return unknown("an expression whose value is known only when the program runs", node);
}

class Evaluator {
 public:
  explicit Evaluator(Program& program) : program_(program) {}

  ValuePtr evaluate(const Node& node, Scope* scope) {
    if (!node) return undefined_value();
    if (!program_.step_at(node) || program_.nested >= Program::max_nested)
      return unknown("the expressions are too many or too deep to follow", node);
    const Nested nested(program_.nested);
    return expression(node, scope);
  }

  void bind(const Node& pattern, const ValuePtr& value, Scope* scope) {
    const auto with_default = [&](const Node& node, const ValuePtr& given) {
      return given->is(Values::undefined) ? evaluate(node.child(Field::right), scope) : given;
    };
    if (pattern.is(Kind::identifier, Kind::shorthand_property_identifier_pattern)) {
      scope->variables[std::string(pattern.text())] = value;
    } else if (pattern.is(Kind::assignment_pattern)) {
      bind(pattern.child(Field::left), with_default(pattern, value), scope);
    } else if (pattern.is(Kind::object_pattern)) {
      Value rest{.kind = Values::object, .partial = value->partial || !value->is(Values::object)};
      const auto parts = pattern.children();
      if (!parts.empty() && parts.back().is(Kind::rest_pattern)) rest.properties = value->properties;
      const auto taken = [&](const std::string& name) {
        program_.step(rest.properties.size() / 16);
        std::erase_if(rest.properties, [&](const Property& one) { return one.key == name; });
        return program_.member(value, name, pattern);
      };
      for (const Node& part : parts) {
        if (!program_.step_at(part)) return;
        if (part.is(Kind::shorthand_property_identifier_pattern)) {
          bind(part, taken(std::string(part.text())), scope);
        } else if (part.is(Kind::object_assignment_pattern)) {
          const Node name = part.child(Field::left);
          bind(name, with_default(part, taken(std::string(name.text()))), scope);
        } else if (part.is(Kind::pair_pattern)) {
          const auto name = key(part.child(Field::key), scope);
          bind(part.child(Field::value), name ? taken(*name) : without_known_value(part), scope);
        } else if (part.is(Kind::rest_pattern)) {
          bind_rest(part, make(rest), scope);
        }
      }
    } else if (pattern.is(Kind::array_pattern)) {
      // [a, , b]: the grammar does not keep holes, so that what follows one is unknown.
      const bool holes = pattern.text().find(",,") != std::string_view::npos ||
                         pattern.text().find(", ,") != std::string_view::npos;
      std::size_t index = 0;
      for (const Node& part : pattern.children()) {
        if (!program_.step_at(part)) return;
        if (part.is(Kind::rest_pattern)) bind_rest(part, without_known_value(part), scope);
        else if (holes) bind(part, without_known_value(part), scope);
        else bind(part, program_.member(value, std::to_string(index), part), scope);
        ++index;
      }
    }
  }

  ValuePtr apply(const Value& function, const std::vector<ValuePtr>& arguments) {
    const Node node = function.node;
    if (!is_function(node) || node.has_token("async") || node.has_token("*"))
      return without_known_value(node);
    if (program_.calls >= Program::max_calls) return unknown("the calls are too deep to follow", node);
    const Nested nested(program_.calls);
    Scope* const scope = program_.make_scope(function.scope);
    if (const Node single = node.child(Field::parameter)) {
      bind(single, arguments.empty() ? undefined_value() : arguments.front(), scope);
    } else {
      std::size_t index = 0;
      for (const Node& parameter : node.child(Field::parameters).children()) {
        const Node pattern = parameter.child(Field::pattern);
        if (pattern.is(Kind::rest_pattern)) {
          Value rest{.kind = Values::array, .node = parameter};
          if (index < arguments.size())
            rest.items.assign(arguments.begin() + static_cast<std::ptrdiff_t>(index), arguments.end());
          bind_rest(pattern, make(std::move(rest)), scope);
          break;
        }
        ValuePtr value = index < arguments.size() ? arguments[index] : undefined_value();
        ++index;
        if (const Node fallback = parameter.child(Field::value); fallback && value->is(Values::undefined))
          value = evaluate(fallback, scope);
        bind(pattern, value, scope);
      }
    }
    const Node body = node.child(Field::body);
    if (!body.is(Kind::statement_block)) return evaluate(body, scope);
    return block(body, scope).value_or(undefined_value(node));
  }

 private:
  using Outcome = std::optional<ValuePtr>;  // what a statement returns; nullopt: the next one follows

  ValuePtr expression(const Node& node, Scope* scope) {
    switch (node.kind()) {
      case Kind::identifier:
      case Kind::shorthand_property_identifier: return identifier(node, scope);
      case Kind::string: return text_value(*string_value(node), node);
      case Kind::template_string: return template_text(node, scope);
      case Kind::number:
        if (const auto number = number_of(node.text())) return number_value(*number, node);
        return without_known_value(node);
      case Kind::true_: return boolean_value(true, node);
      case Kind::false_: return boolean_value(false, node);
      case Kind::null: return make({.kind = Values::null, .node = node});
      case Kind::undefined: return undefined_value(node);
      case Kind::object: return object(node, scope);
      case Kind::array: {
        Value out{.kind = Values::array, .node = node};
        out.items = list(node, scope, out.partial);
        return make(std::move(out));
      }
      case Kind::arrow_function:
      case Kind::function_expression:
      case Kind::function_declaration:
      case Kind::method_definition: return make({.kind = Values::function, .node = node, .scope = scope});
      case Kind::enum_declaration: return enumeration(node, scope);
      case Kind::call_expression:
      case Kind::new_expression: return call(node, scope);
      case Kind::member_expression: {
        const ValuePtr of = evaluate(node.child(Field::object), scope);
        // a?.b
        if ((of->is(Values::undefined, Values::null)) && node.child(Kind::other).text() == "?.")
          return undefined_value(node);
        return program_.member(of, std::string(node.text(Field::property)), node);
      }
      case Kind::subscript_expression: {
        const ValuePtr index = evaluate(node.child(Field::index), scope);
        const auto name = index->as_text();
        return name ? program_.member(evaluate(node.child(Field::object), scope), *name, node)
                    : without_known_value(node);
      }
      case Kind::as_expression:
      case Kind::type_assertion:
      case Kind::satisfies_expression:
      case Kind::non_null_expression:
      case Kind::parenthesized_expression: {
        const Node inside = inside_wrapper(node);
        return inside ? evaluate(inside, scope) : without_known_value(node);
      }
      case Kind::ternary_expression: {
        const auto truth = evaluate(node.child(Field::condition), scope)->truthy();
        if (truth) return evaluate(node.child(*truth ? Field::consequence : Field::alternative), scope);
        constexpr int max_levels = 2;  // of calls: functions that call themselves would take all steps
        if (program_.calls > max_levels) return without_known_value(node);
        return common_value(evaluate(node.child(Field::consequence), scope),
                            evaluate(node.child(Field::alternative), scope), node);
      }
      case Kind::binary_expression: return binary(node, scope);
      case Kind::unary_expression: return unary(node, scope);
      default:
        if (node.text() == "import.meta")
          return make({.kind = Values::external, .text = "", .name = "import.meta", .node = node});
        return without_known_value(node);
    }
  }

  ValuePtr identifier(const Node& node, Scope* scope) {
    const std::string name(node.text());
    const ValuePtr* local = variable_in(scope, name);
    return local ? *local : program_.variable(node.syntax()->file(), name, node);
  }

  std::optional<std::string> key(const Node& node, Scope* scope) {
    if (node.is(Kind::computed_property_name)) {
      const auto parts = node.children();
      return parts.empty() ? std::nullopt : evaluate(parts.front(), scope)->as_text();
    }
    if (const auto text = string_value(node)) return text;
    return std::string(node.text());
  }

  void spread(Value& out, const ValuePtr& from) {
    if (from->is(Values::object)) {
      out.partial = out.partial || from->partial;
      for (const auto& property : from->properties)
        if (out.properties.size() < max_properties && program_.step(1 + out.properties.size() / 16))
          set_property(out, property);
        else out.partial = true;
    } else if (from->is(Values::module_space)) {
      for (const auto& name : program_.exported_names(from->text)) {
        if (out.properties.size() >= max_properties || !program_.step(1 + out.properties.size() / 16)) {
          out.partial = true;
          break;
        }
        set_property(out, {name, program_.exported(from->text, name), from->node});
      }
    } else if (!from->is(Values::undefined, Values::null, Values::boolean)) {
      out.partial = true;
      out.items.push_back(from);  // what else is in it
    }
  }

  ValuePtr object(const Node& node, Scope* scope) {
    Value out{.kind = Values::object, .node = node};
    for (const Node& part : node.children()) {
      if (!program_.step(out.properties.size() / 16) || out.properties.size() >= max_properties) {
        out.partial = true;
        break;
      }
      if (part.is(Kind::pair, Kind::shorthand_property_identifier, Kind::method_definition)) {
        const bool pair = part.is(Kind::pair), method = part.is(Kind::method_definition);
        if (auto name = key(pair ? part.child(Field::key) : method ? part.child(Field::name) : part, scope))
          set_property(out,
                       {std::move(*name), evaluate(pair ? part.child(Field::value) : part, scope), part});
        else out.partial = true;
      } else if (part.is(Kind::spread_element)) {
        const auto inner = part.children();
        if (!inner.empty()) spread(out, evaluate(inner.front(), scope));
      } else {
        out.partial = true;
      }
    }
    return make(std::move(out));
  }

  std::vector<ValuePtr> list(const Node& node, Scope* scope, bool& partial) {
    std::vector<ValuePtr> out;
    for (const Node& item : node.children()) {
      if (!item.is(Kind::spread_element)) {
        if (item.is(Kind::error)) partial = true;
        else out.push_back(evaluate(item, scope));
        continue;
      }
      const auto inner = item.children();
      const ValuePtr from = inner.empty() ? without_known_value(item) : evaluate(inner.front(), scope);
      program_.step(from->items.size());
      if (from->is(Values::array) && !program_.exhausted()) {
        out.insert(out.end(), from->items.begin(), from->items.end());
        partial = partial || from->partial;
      } else {
        partial = true;
      }
    }
    return out;
  }

  ValuePtr call(const Node& node, Scope* scope) {
    const bool is_new = node.is(Kind::new_expression);
    const Node function = node.child(is_new ? Field::constructor : Field::function);
    const Node arguments = node.child(Field::arguments);
    // The grammar takes () => f<T>`…` for a tag that is the function; its body is not known.
    if (arguments.is(Kind::template_string) && function.is(Kind::arrow_function))
      return evaluate(function, scope);
    if (arguments.is(Kind::template_string)) return tagged(arguments, evaluate(function, scope), scope);
    const ValuePtr callee = evaluate(function, scope);
    bool partial = false;
    const auto values = list(arguments, scope, partial);
    if (callee->is(Values::unknown)) return unknown(callee->text, node);
    if (is_new)
      return make({.kind = Values::call,
                   .is_new = true,
                   .partial = partial,
                   .base = callee,
                   .items = values,
                   .node = node});
    if (!partial) return program_.call(callee, values, node);
    if (callee->is(Values::function)) return without_known_value(node);
    return make({.kind = Values::call, .partial = true, .base = callee, .items = values, .node = node});
  }

  ValuePtr tagged(const Node& node, const ValuePtr& tag, Scope* scope) {
    if (tag->is(Values::unknown, Values::function)) return without_known_value(node);
    Value out{.kind = Values::tagged, .base = tag, .strings = {""}, .node = node};
    for (Node part = node.first(); part; part = part.next()) {
      if (part.is(Kind::template_substitution)) {
        const auto inner = part.children();
        out.items.push_back(inner.empty() ? without_known_value(part) : evaluate(inner.front(), scope));
        out.strings.emplace_back();
      } else if (part.is(Kind::string_fragment)) {
        out.strings.back() += part.text();
      } else if (part.is(Kind::escape_sequence)) {
        out.strings.back() += unescaped(part.text());
      }
    }
    return make(std::move(out));
  }

  // A template of `tag`, with members and calls behind it; nullptr for anything else.
  ValuePtr tagged_chain(const Node& node, const ValuePtr& tag, Scope* scope) {
    if (node.is(Kind::template_string)) return tagged(node, tag, scope);
    const bool is_call = node.is(Kind::call_expression);
    if (!is_call && !node.is(Kind::member_expression)) return nullptr;
    const ValuePtr base = tagged_chain(node.child(is_call ? Field::function : Field::object), tag, scope);
    if (!base) return nullptr;
    if (!is_call) return program_.member(base, std::string(node.text(Field::property)), node);
    bool partial = false;
    const auto values = list(node.child(Field::arguments), scope, partial);
    return partial ? without_known_value(node) : program_.call(base, values, node);
  }

  ValuePtr template_text(const Node& node, Scope* scope) {
    std::string out;
    for (Node part = node.first(); part; part = part.next()) {
      if (part.is(Kind::template_substitution)) {
        const auto inner = part.children();
        const auto text = inner.empty() ? std::nullopt : evaluate(inner.front(), scope)->as_text();
        if (!text || !program_.step_over(*text)) return without_known_value(node);
        out += *text;
      } else if (part.is(Kind::string_fragment)) {
        out += part.text();
      } else if (part.is(Kind::escape_sequence)) {
        out += unescaped(part.text());
      }
      if (out.size() > Program::max_text) return without_known_value(node);
    }
    return text_value(std::move(out), node);
  }

  ValuePtr binary(const Node& node, Scope* scope) {
    const std::string_view symbol = node.text(Field::operator_);
    const Node left_node = node.child(Field::left), right_node = node.child(Field::right);
    // The grammar takes f<T>`…` for two comparisons.
    if (symbol == ">" && left_node.is(Kind::binary_expression) && left_node.text(Field::operator_) == "<")
      if (auto value = tagged_chain(right_node, evaluate(left_node.child(Field::left), scope), scope))
        return value;
    const ValuePtr left = evaluate(left_node, scope);
    if (is_one_of(symbol, {"??", "||", "&&"})) {
      const auto truth = left->truthy();
      if (!truth) return without_known_value(node);
      const bool none = left->is(Values::undefined, Values::null);
      const bool take_left = symbol == "??" ? !none : symbol == "||" ? *truth : !*truth;
      return take_left ? left : evaluate(right_node, scope);
    }
    const ValuePtr right = evaluate(right_node, scope);
    const auto a = left->as_text(), b = right->as_text();
    if (!a || !b || !program_.step_over(*a) || !program_.step_over(*b)) return without_known_value(node);
    if (symbol == "===" || symbol == "!==")
      return boolean_value((left->kind == right->kind && *a == *b) == (symbol == "==="), node);
    if (symbol == "+" && (left->is(Values::string) || right->is(Values::string))) {
      return a->size() + b->size() <= Program::max_text ? text_value(*a + *b, node)
                                                        : without_known_value(node);
    }
    if (!left->is(Values::number) || !right->is(Values::number)) return without_known_value(node);
    const double x = std::strtod(a->c_str(), nullptr), y = std::strtod(b->c_str(), nullptr);
    if (symbol == "+") return number_value(x + y, node);
    if (symbol == "-") return number_value(x - y, node);
    if (symbol == "*") return number_value(x * y, node);
    if (symbol == "/" && y != 0) return number_value(x / y, node);
    if (symbol == "%" && y != 0) return number_value(std::fmod(x, y), node);
    if (symbol == "**") return number_value(std::pow(x, y), node);
    if (symbol == "<") return boolean_value(x < y, node);
    if (symbol == ">") return boolean_value(x > y, node);
    if (symbol == "<=") return boolean_value(x <= y, node);
    if (symbol == ">=") return boolean_value(x >= y, node);
    return without_known_value(node);
  }

  ValuePtr unary(const Node& node, Scope* scope) {
    const std::string_view symbol = node.text(Field::operator_);
    const ValuePtr value = evaluate(node.child(Field::argument), scope);
    if (symbol == "!")
      if (const auto truth = value->truthy()) return boolean_value(!*truth, node);
    if (value->is(Values::number) && (symbol == "-" || symbol == "+")) {
      const double number = std::strtod(value->text.c_str(), nullptr);
      return number_value(symbol == "-" ? -number : number, node);
    }
    return without_known_value(node);
  }

  ValuePtr enumeration(const Node& node, Scope* scope) {
    Value out{.kind = Values::object, .node = node};
    double next = 0;
    bool counting = true;
    for (const Node& part : node.child(Field::body).children()) {
      const Node name = part.is(Kind::enum_assignment) ? part.child(Field::name) : part;
      const auto label = key(name, scope);
      if (!label) continue;
      ValuePtr value;
      if (part.is(Kind::enum_assignment)) value = evaluate(part.child(Field::value), scope);
      else value = counting ? number_value(next, part) : without_known_value(part);
      counting = value->is(Values::number);
      if (counting) next = std::strtod(value->text.c_str(), nullptr) + 1;
      set_property(out, {*label, std::move(value), part});
    }
    return make(std::move(out));
  }

  Outcome block(const Node& node, Scope* scope) {
    const auto statements = node.children();
    for (const Node& one : statements)
      if (one.is(Kind::function_declaration))
        scope->variables[std::string(one.text(Field::name))] = evaluate(one, scope);
    for (const Node& one : statements)
      if (Outcome outcome = statement(one, scope)) return outcome;
    return {};
  }

  Outcome statement(const Node& node, Scope* scope) {
    if (!program_.step_at(node) || program_.nested >= Program::max_nested)
      return unknown("the statements are too many or too deep to follow", node);
    const Nested nested(program_.nested);
    switch (node.kind()) {
      case Kind::return_statement: {
        const auto parts = node.children();
        return parts.empty() ? undefined_value(node) : evaluate(parts.front(), scope);
      }
      case Kind::lexical_declaration:
      case Kind::variable_declaration:
        for (const Node& declarator : node.children())
          if (declarator.is(Kind::variable_declarator))
            bind(declarator.child(Field::name), evaluate(declarator.child(Field::value), scope), scope);
        return {};
      case Kind::expression_statement: return expression_statement(node, scope);
      case Kind::statement_block: return block(node, program_.make_scope(scope));
      case Kind::if_statement: {
        const auto truth = evaluate(node.child(Field::condition), scope)->truthy();
        if (!truth) break;
        Node taken = node.child(*truth ? Field::consequence : Field::alternative);
        if (taken.is(Kind::else_clause)) taken = taken.children().empty() ? Node() : taken.children().front();
        return taken ? statement(taken, scope) : Outcome{};
      }
      case Kind::function_declaration:
      case Kind::type: return {};
      default: break;
    }
    return changes_flow(node) ? Outcome(without_known_value(node)) : std::nullopt;
  }

  Outcome expression_statement(const Node& node, Scope* scope) {
    const Node inner = node.first();
    if (inner.is(Kind::assignment_expression) && inner.child(Field::left).is(Kind::identifier)) {
      const ValuePtr value = evaluate(inner.child(Field::right), scope);
      if (ValuePtr* variable = variable_in(scope, std::string(inner.text(Field::left)))) *variable = value;
      return {};
    }
    if (inner.is(Kind::assignment_expression, Kind::augmented_assignment_expression)) {
      forget(inner.child(Field::left), scope);
    } else if (inner.is(Kind::update_expression)) {
      forget(inner.child(Field::argument), scope);
    } else if (inner.is(Kind::call_expression)) {
      // A method may change its object, and a function its arguments.
      forget(inner.child(Field::function).child(Field::object), scope);
      for (const Node& argument : inner.child(Field::arguments).children()) forget(argument, scope);
    }
    return {};
  }

  // The variable at the begin of a.b.c is not known any more.
  static void forget(const Node& target, Scope* scope) {
    Node root = target;
    while (root.is(Kind::member_expression, Kind::subscript_expression)) root = root.child(Field::object);
    if (!root.is(Kind::identifier)) return;
    const std::string name(root.text());
    if (ValuePtr* variable = variable_in(scope, name)) *variable = unknown(name + " changes", target);
  }

  // Whether the statement, which is not followed, returns or changes variables.
  static bool changes_flow(const Node& node) {
    if (node.is(Kind::return_statement, Kind::assignment_expression, Kind::augmented_assignment_expression,
                Kind::call_expression))
      return true;
    return !is_function(node) && std::ranges::any_of(node.children(), changes_flow);
  }

  Program& program_;
};

}  // namespace

ValuePtr evaluate(Program& program, const Node& node, Scope* scope) {
  return Evaluator(program).evaluate(node, scope);
}

ValuePtr apply_function(Program& program, const Value& function, const std::vector<ValuePtr>& arguments) {
  return Evaluator(program).apply(function, arguments);
}

void bind_names(Program& program, const Node& pattern, const ValuePtr& value, Scope* scope) {
  Evaluator(program).bind(pattern, value, scope);
}

}  // namespace pgadvise::typescript
