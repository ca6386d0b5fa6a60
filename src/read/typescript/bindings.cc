#include "typescript/bindings.h"

#include "base/text/text.h"

namespace pgadvise::typescript {
namespace {

constexpr int max_depth_followed = 6;

bool is_class(const Node& node) { return node.is(Kind::class_declaration); }

// "OrderService" of "OrderService | null", "Promise<OrderService>" stays as it is.
std::string first_name(std::string_view type) {
  std::size_t end = 0;
  while (end < type.size() && (std::isalnum(static_cast<unsigned char>(type[end])) || type[end] == '_'))
    ++end;
  return std::string(type.substr(0, end));
}

void add_returned(const Node& node, std::vector<Node>& out) {
  for (const Node& part : node.children()) {
    if (is_function(part) || is_class(part)) continue;
    if (part.is(Kind::return_statement)) {
      const auto values = part.children();
      if (!values.empty()) out.push_back(values.front());
    } else {
      add_returned(part, out);
    }
  }
}

}  // namespace

bool is_name(const Node& node) { return node.is(Kind::identifier, Kind::shorthand_property_identifier); }

Node class_around(Node node) {
  while (node && !node.is(Kind::class_body)) node = node.parent();
  return node;
}

Node bare(Node node) {
  while (is_wrapper(node) || node.is(Kind::await_expression)) node = inside_wrapper(node);
  return node;
}

std::vector<Node> parameter_patterns(const Node& function) {
  if (const Node single = function.child(Field::parameter)) return {single};
  std::vector<Node> out;
  for (const Node& parameter : function.child(Field::parameters).children())
    if (parameter.is(Kind::required_parameter, Kind::optional_parameter))
      out.push_back(parameter.child(Field::pattern));
  return out;
}

std::vector<Node> arguments_of(const Node& call) {
  const Node list = call.child(Field::arguments);
  return list.is(Kind::arguments) ? list.children() : std::vector<Node>();
}

Node argument_at(const Node& call, std::size_t index) {
  const auto arguments = arguments_of(call);
  return index < arguments.size() ? bare(arguments[index]) : Node();
}

Node initial_value(const Node& declarator) {
  const bool whole =
      declarator.is(Kind::variable_declarator) && declarator.child(Field::name).is(Kind::identifier);
  return whole ? bare(declarator.child(Field::value)) : Node();
}

Node function_around(const Node& node) {
  Node at = node.parent();
  while (at && !is_function(at)) at = at.parent();
  return at;
}

std::string name_of_function(Node function) {
  for (; function; function = function.parent()) {
    if (function.is(Kind::method_definition)) {
      const std::string name(function.text(Field::name));
      const Node owner = class_around(function).parent().child(Field::name);
      return owner ? std::string(owner.text()) + "." + name : name;
    }
    const bool declares = function.is(Kind::function_declaration, Kind::variable_declarator,
                                      Kind::generator_function_declaration);
    if (function.is(Kind::public_field_definition) || (declares && !function_around(function)))
      return std::string(function.text(Field::name));
    const Node value = function.is(Kind::pair) ? function.child(Field::value) : Node();
    if (is_function(value) || value.is(Kind::call_expression)) return std::string(function.text(Field::key));
  }
  return {};
}

std::string annotated_type(const Node& declaration) {
  std::string_view text = declaration.child(Kind::type).text();
  while (!text.empty() && (text.front() == ':' || text.front() == ' ')) text.remove_prefix(1);
  return std::string(text);
}

std::vector<Node> returned_values(const Node& function) {
  const Node body = function.child(Field::body);
  if (body && !body.is(Kind::statement_block)) return {body};
  std::vector<Node> out;
  add_returned(body, out);
  return out;
}

const Bindings::Names& Bindings::names_of(const Node& scope) {
  const auto [entry, is_new] = scopes_.try_emplace(scope);
  Names& names = entry->second;
  if (!is_new) return names;
  const auto add = [&](const Node& pattern, Binding::Kind kind, const Node& owner, std::size_t index) {
    for (const Node& name : bound_names(pattern))
      names.try_emplace(std::string(name.text()), Binding{kind, name, owner, pattern, index});
  };
  const auto declare = [&](Node statement) {
    if (statement.is(Kind::export_statement)) statement = statement.child(Field::declaration);
    if (statement.is(Kind::lexical_declaration, Kind::variable_declaration)) {
      for (const Node& declarator : statement.children())
        if (declarator.is(Kind::variable_declarator))
          add(declarator.child(Field::name), Binding::Kind::variable, declarator, 0);
    } else if (statement.is(Kind::function_declaration, Kind::generator_function_declaration) ||
               is_class(statement)) {
      const Node name = statement.child(Field::name);
      const auto kind = is_class(statement) ? Binding::Kind::class_ : Binding::Kind::function;
      names.try_emplace(std::string(name.text()), Binding{kind, name, statement, name, 0});
    }
  };
  if (is_function(scope)) {
    std::size_t index = 0;
    for (const Node& pattern : parameter_patterns(scope))
      add(pattern, Binding::Kind::parameter, scope, index++);
  } else if (scope.is(Kind::for_in_statement)) {
    add(scope.child(Field::left), Binding::Kind::element, scope, 0);
  } else if (scope.is(Kind::catch_clause)) {
    add(scope.child(Field::parameter), Binding::Kind::element, scope, 0);
  } else {
    for (const Node& statement : scope.children()) declare(statement);
  }
  return names;
}

const Binding& Bindings::find(const Node& identifier) {
  static const Binding none;
  const std::string_view name = identifier.text();
  for (Node at = identifier.parent(); at; at = at.parent()) {
    const bool scope = is_function(at) || at.is(Kind::statement_block, Kind::program, Kind::for_in_statement,
                                                Kind::for_statement, Kind::catch_clause, Kind::other);
    if (!scope) continue;
    const Names& names = names_of(at);
    if (const auto found = names.find(name); found != names.end()) return found->second;
  }
  return none;
}

Node Bindings::declared(const std::string& file, const std::string& name, int depth) {
  const Module* module = depth > max_depth_followed ? nullptr : program_.module(file);
  if (!module) return {};
  if (const auto local = module->locals.find(name); local != module->locals.end()) return local->second;
  const auto import = module->imports.find(name);
  const bool known = import != module->imports.end() && import->second.name != "*";
  return known ? imported(file, import->second, depth + 1) : Node();
}

Node Bindings::imported(const std::string& file, const Import& import, int depth) {
  const std::string target = program_.resolver().resolve(file, import.specifier);
  return target.empty() ? Node() : exported(target, import.name, depth);
}

Node Bindings::exported(const std::string& file, const std::string& name, int depth) {
  const auto [entry, is_new] = exported_.try_emplace({file, name});
  if (is_new) entry->second = find_export(file, name, depth);
  return entry->second;  // none while barrels export each other
}

Node Bindings::find_export(const std::string& file, const std::string& name, int depth) {
  const Module* module = depth > max_depth_followed ? nullptr : program_.module(file);
  if (!module) return {};
  if (const auto known = module->exports.find(name); known != module->exports.end()) {
    const Export& item = known->second;
    if (!item.from.specifier.empty()) return imported(file, item.from, depth + 1);
    return item.expression ? item.expression : declared(file, item.local, depth + 1);
  }
  for (const auto& specifier : module->star_exports)
    if (const Node found = imported(file, {specifier, name}, depth + 1)) return found;
  return {};
}

Node Bindings::declaration(const Node& identifier) {
  const Binding& binding = find(identifier);
  if (binding.kind == Binding::Kind::parameter || binding.kind == Binding::Kind::element) return {};
  if (binding.owner) return binding.owner;
  return identifier ? declared(identifier.syntax()->file(), std::string(identifier.text())) : Node();
}

// The function that a declaration declares: also const f = cache(async () => …).
Node Bindings::function_in(Node declaration, int depth) {
  if (declaration.is(Kind::variable_declarator)) {
    declaration = initial_value(declaration);
  } else if (declaration.is(Kind::pair, Kind::public_field_definition)) {
    declaration = bare(declaration.child(Field::value));
  }
  // The grammar takes `() => a ? b : f<T>`…`` for a template whose tag is the arrow function.
  if (declaration.is(Kind::call_expression) &&
      declaration.child(Field::arguments).is(Kind::template_string) &&
      declaration.child(Field::function).is(Kind::arrow_function))
    declaration = declaration.child(Field::function);
  if (is_function(declaration)) return declaration;
  if (depth > max_depth_followed) return {};
  if (is_name(declaration)) return function_in(this->declaration(declaration), depth + 1);
  if (!declaration.is(Kind::call_expression)) return {};
  const std::string_view wrapper = declaration.text(Field::function);
  const auto arguments = arguments_of(declaration);
  const bool passes_on = is_one_of(wrapper, {"cache", "React.cache", "unstable_cache"});
  return passes_on && !arguments.empty() ? function_in(bare(arguments.front()), depth + 1) : Node();
}

// `of`: an object literal or a class.
Node Bindings::method(const Node& of, const std::string& name, int depth) {
  const Node list = is_class(of) ? of.child(Kind::class_body) : of;
  for (const Node& part : list.children()) {
    if (!program_.step_at(part)) return {};
    if (part.is(Kind::shorthand_property_identifier) && part.text() == name) return function_in(part, depth);
    const Node key = part.child(part.is(Kind::pair) ? Field::key : Field::name);
    if (key.text() == name) return part.is(Kind::method_definition) ? part : function_in(part, depth);
  }
  return {};
}

Node Bindings::member_function(const Node& object, const std::string& name, int depth) {
  if (depth > max_depth_followed) return {};
  const auto of_type = [&](const std::string& type) {
    const Node found = type.empty() ? Node() : declared(object.syntax()->file(), type);
    return is_class(found) ? method(found, name, depth + 1) : Node();
  };
  if (object.text() == "this") return method(class_around(object).parent(), name, depth + 1);
  if (object.is(Kind::new_expression)) {
    const Node made = declaration(object.child(Field::constructor));
    return is_class(made) ? method(made, name, depth + 1) : Node();
  }
  if (object.is(Kind::object)) return method(object, name, depth + 1);
  if (object.is(Kind::member_expression) && bare(object.child(Field::object)).text() == "this") {
    const std::string_view field = object.text(Field::property);
    for (const Node& part : class_around(object).children()) {
      if (part.is(Kind::public_field_definition) && part.text(Field::name) == field) {
        if (const Node found = of_type(first_name(annotated_type(part)))) return found;
        return member_function(bare(part.child(Field::value)), name, depth + 1);
      }
      if (!part.is(Kind::method_definition) || part.text(Field::name) != "constructor") continue;
      for (const Node& parameter : part.child(Field::parameters).children())
        if (parameter.text(Field::pattern) == field) return of_type(first_name(annotated_type(parameter)));
    }
    return {};
  }
  if (!object.is(Kind::identifier)) return {};
  const Binding& binding = find(object);
  if (binding.kind == Binding::Kind::parameter)
    return of_type(first_name(annotated_type(binding.name.parent())));
  if (binding.kind == Binding::Kind::none)
    if (const Module* module = program_.module(object.syntax()->file()))
      if (const auto import = module->imports.find(std::string(object.text()));
          import != module->imports.end() && import->second.name == "*")
        return function_in(imported(object.syntax()->file(), {import->second.specifier, name}, 0), depth + 1);
  const Node found = declaration(object);
  if (is_class(found) || found.is(Kind::object)) return method(found, name, depth + 1);
  if (!found.is(Kind::variable_declarator) || !found.child(Field::name).is(Kind::identifier)) return {};
  if (const Node by_type = of_type(first_name(annotated_type(found)))) return by_type;
  const Node value = bare(found.child(Field::value));
  return value == object ? Node() : member_function(value, name, depth + 1);
}

Node Bindings::called(const Node& call) {
  const auto [entry, is_new] = called_.try_emplace(call);
  const Node callee = bare(call.child(Field::function));
  if (is_new && !is_function(callee)) entry->second = function_at(callee);
  return entry->second;
}

Node Bindings::function_at(const Node& expression) {
  const Node node = bare(expression);
  if (node.is(Kind::identifier)) return function_in(declaration(node), 0);
  if (!node.is(Kind::member_expression)) return is_function(node) ? node : Node();
  return member_function(bare(node.child(Field::object)), std::string(node.text(Field::property)), 0);
}

}  // namespace pgadvise::typescript
