#include "typescript/module.h"

#include "base/text/text.h"

namespace pgadvise::typescript {
namespace {

std::string name_of(const Node& node) {
  if (const auto text = string_value(node)) return *text;
  return std::string(node.text());
}

// The variable at the begin of a.b.c, a[b] and (a as any).b.
Node root_of(Node node) {
  while (node.is(Kind::member_expression, Kind::subscript_expression) || is_wrapper(node))
    node = is_wrapper(node) ? inside_wrapper(node) : node.child(Field::object);
  return node;
}

// The module of require("m"); "" for anything else.
std::string required(const Node& value) {
  if (!value.is(Kind::call_expression) || value.text(Field::function) != "require") return {};
  const auto arguments = value.child(Field::arguments).children();
  return arguments.size() == 1 ? string_value(arguments[0]).value_or("") : "";
}

// Whether the declaration is more than the signature of an overloaded function, or a type.
bool has_value(const Node& declaration) {
  return declaration.is(Kind::function_declaration, Kind::generator_function_declaration,
                        Kind::class_declaration, Kind::enum_declaration);
}

class Indexer {
 public:
  explicit Indexer(Module& out) : out_(out) {}

  void read(const Node& program) {
    for (const Node& statement : program.children()) top_level(statement);
  }

 private:
  void top_level(const Node& statement) {
    if (statement.is(Kind::import_statement)) import(statement);
    else if (statement.is(Kind::export_statement)) export_statement(statement);
    else if (statement.is(Kind::expression_statement)) expression(statement.first());
    else declare(statement);
  }

  static std::string specifier(const Node& statement) {
    return string_value(statement.child(Field::source)).value_or("");
  }

  void import(const Node& statement) {
    if (const Node clause = statement.child(Kind::import_require_clause)) {
      out_.imports[std::string(clause.child(Kind::identifier).text())] = {specifier(clause), "*"};
      return;
    }
    const std::string from = specifier(statement);
    for (const Node& part : statement.child(Kind::import_clause).children()) {
      if (part.is(Kind::identifier)) out_.imports[std::string(part.text())] = {from, "default"};
      if (part.is(Kind::namespace_import))
        out_.imports[std::string(part.child(Kind::identifier).text())] = {from, "*"};
      if (!part.is(Kind::named_imports)) continue;
      for (const Node& item : part.children()) {
        const Node name = item.child(Field::name), alias = item.child(Field::alias);
        if (name) out_.imports[name_of(alias ? alias : name)] = {from, name_of(name)};
      }
    }
  }

  void add_export(const std::string& name, Export value) {
    if (out_.exports.insert_or_assign(name, std::move(value)).second) out_.export_order.push_back(name);
  }

  void export_statement(const Node& statement) {
    const std::string from = specifier(statement);
    const bool is_default = statement.has_token("default");
    if (const Node declaration = statement.child(Field::declaration)) {
      for (const auto& name : declare(declaration))
        add_export(is_default ? "default" : name, {.local = name, .expression = {}, .from = {}});
      if (is_default && !out_.exports.count("default"))
        add_export("default", {.local = "", .expression = declaration, .from = {}});
    } else if (const Node value = statement.child(Field::value)) {
      add_export("default", {.local = "", .expression = value, .from = {}});
    } else if (const Node space = statement.child(Kind::namespace_export)) {
      if (const auto names = space.children(); !names.empty())
        add_export(name_of(names.front()), {.local = "", .expression = {}, .from = {from, "*"}});
    } else if (const Node clause = statement.child(Kind::export_clause)) {
      for (const Node& item : clause.children()) {
        const Node name = item.child(Field::name), alias = item.child(Field::alias);
        if (!name) continue;
        if (from.empty()) add_export(name_of(alias ? alias : name), {name_of(name), {}, {}});
        else add_export(name_of(alias ? alias : name), {"", {}, {from, name_of(name)}});
      }
    } else if (!from.empty()) {
      out_.star_exports.push_back(from);
    } else if (const auto values = statement.children(); !values.empty()) {
      out_.export_assignment = values.back();
    }
  }

  // Returns the names that the declaration binds.
  std::vector<std::string> declare(const Node& declaration) {
    std::vector<std::string> names;
    if (declaration.is(Kind::lexical_declaration, Kind::variable_declaration)) {
      for (const Node& declarator : declaration.children())
        if (declarator.is(Kind::variable_declarator)) variable(declarator, names);
    } else if (const Node name = declaration.child(Field::name); name && has_value(declaration)) {
      names.emplace_back(name.text());
      out_.locals.emplace(names.back(), declaration);
    }
    return names;
  }

  void variable(const Node& declarator, std::vector<std::string>& names) {
    const Node pattern = declarator.child(Field::name);
    const std::string from = required(declarator.child(Field::value));
    if (!from.empty() && pattern.is(Kind::identifier)) {
      out_.imports[std::string(pattern.text())] = {from, "*"};
      return;
    }
    if (!from.empty() && pattern.is(Kind::object_pattern)) {
      for (const Node& part : pattern.children()) {
        const Node key = part.child(Field::key), value = part.child(Field::value);
        if (part.is(Kind::shorthand_property_identifier_pattern))
          out_.imports[std::string(part.text())] = {from, std::string(part.text())};
        else if (key && value.is(Kind::identifier))
          out_.imports[std::string(value.text())] = {from, name_of(key)};
      }
      return;
    }
    for (const Node& name : bound_names(pattern)) {
      names.emplace_back(name.text());
      out_.locals.emplace(names.back(), declarator);
    }
  }

  void change(const Node& target) {
    if (const Node root = root_of(target); root.is(Kind::identifier))
      out_.changed.insert(std::string(root.text()));
  }

  void expression(const Node& node) {
    if (node.is(Kind::assignment_expression)) {
      const Node left = node.child(Field::left), right = node.child(Field::right);
      if (left.text() == "module.exports") {
        out_.export_assignment = right;
      } else if (left.is(Kind::member_expression) &&
                 (left.text(Field::object) == "exports" || left.text(Field::object) == "module.exports")) {
        add_export(std::string(left.text(Field::property)), {"", right, {}});
      } else {
        change(left);
      }
    } else if (node.is(Kind::augmented_assignment_expression)) {
      change(node.child(Field::left));
    } else if (node.is(Kind::update_expression)) {
      change(node.child(Field::argument));
    } else if (node.is(Kind::call_expression)) {
      const Node function = node.child(Field::function);
      if (function.text() == "Object.assign") {
        if (const auto arguments = node.child(Field::arguments).children(); !arguments.empty())
          change(arguments.front());
        return;
      }
      const std::string_view method = function.text(Field::property);
      if (is_one_of(method, {"push", "unshift", "splice", "pop", "shift", "sort", "reverse", "set"}))
        change(function.child(Field::object));
    }
  }

  Module& out_;
};

}  // namespace

Module index_module(std::unique_ptr<const Syntax> syntax) {
  Module out;
  Indexer(out).read(syntax->root());
  out.syntax = std::move(syntax);
  return out;
}

std::vector<Node> bound_names(const Node& pattern) {
  std::vector<Node> out, open{pattern};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    if (node.is(Kind::identifier, Kind::shorthand_property_identifier_pattern)) out.push_back(node);
    else if (node.is(Kind::pair_pattern)) open.push_back(node.child(Field::value));
    else if (node.is(Kind::assignment_pattern, Kind::object_assignment_pattern))
      open.push_back(node.child(Field::left));
    else if (node.is(Kind::object_pattern, Kind::array_pattern, Kind::rest_pattern)) {
      const auto parts = node.children();
      open.insert(open.end(), parts.rbegin(), parts.rend());
    }
  }
  return out;
}

}  // namespace pgadvise::typescript
