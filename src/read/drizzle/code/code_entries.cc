#include "drizzle/code/code_entries.h"

#include <algorithm>
#include <array>

#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

using Match = EntryForm::Match;

constexpr int max_wrappers = 4;
constexpr std::string_view http_methods = "GET POST PUT PATCH DELETE HEAD OPTIONS";

constexpr std::array<EntryForm, 13> forms = {{
    {"a Next.js route handler", Match::exported, http_methods, "route", "app"},
    {"a Next.js page", Match::exported, "default generateMetadata", "page layout template", "app"},
    {"a Next.js API route", Match::exported, "default", "", "pages/api"},
    {"a Next.js page", Match::exported, "getServerSideProps", "", "pages"},
    {"a server action", Match::use_server, "", "", ""},
    {"a SvelteKit endpoint", Match::exported, http_methods, "+server", ""},
    {"a SvelteKit load function", Match::exported, "load", "+page.server +layout.server", ""},
    {"a SvelteKit form action", Match::members, "actions", "+page.server", ""},
    {"a Remix loader or action", Match::exported, "loader action", "", "routes app"},
    {"a route's handler", Match::route, "get post put patch delete all options head on route openapi", "",
     ""},
    {"a tRPC procedure", Match::procedure, "query mutation subscription", "", ""},
    {"a NestJS controller", Match::decorator, "Get Post Put Patch Delete All Options Head Sse", "", ""},
    {"a NestJS resolver", Match::decorator, "Query Mutation ResolveField MessagePattern", "", ""},
}};

bool has_word(std::string_view list, std::string_view word) { return is_one_of(word, split(list, ' ')); }

// Whether the path has the folders, one directly below the other.
bool lies_below(std::string_view path, std::string_view folder) {
  const std::string inside = "/" + std::string(folder) + "/";
  return path.starts_with(inside.substr(1)) || contains(path, inside);
}

bool matches_path(const EntryForm& form, std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  const std::string_view stem = name.substr(0, name.find_last_of('.'));
  if (!form.files.empty() && !has_word(form.files, stem)) return false;
  if (form.folders.empty()) return true;
  return std::ranges::any_of(split(form.folders, ' '),
                             [&](std::string_view folder) { return lies_below(path, folder); });
}

bool is_path(std::string_view written) {
  return written.starts_with('/') || written.starts_with('*') || is_one_of(written, {"", "GET", "POST"});
}

// Whether the text calls such a method with a path: `.get("/orders"`.
bool may_have_routes(std::string_view text, const EntryForm& form) {
  if (contains(text, ".openapi(") || contains(text, ".route({")) return true;
  for (const auto method : split(form.names, ' ')) {
    const std::string call = "." + std::string(method) + "(";
    for (auto at = text.find(call); at != std::string_view::npos; at = text.find(call, at + 1)) {
      const auto from = text.find_first_not_of(" \t\r\n", at + call.size());
      if (from == std::string_view::npos) break;
      const std::string_view rest = text.substr(from, 2);
      if (is_one_of(rest, {"'/", "\"/", "`/", "'*", "\"*", "''", "\"\""})) return true;
    }
  }
  return false;
}

class EntryFunctions {
 public:
  EntryFunctions(Bindings& names, const typescript::Module& module, const std::string& file)
      : names_(names), module_(module), file_(file) {}

  std::vector<EntryFunction> read() {
    for (const auto& form : forms) {
      form_ = &form;
      if (!matches_path(form, file_)) continue;
      switch (form.match) {
        case Match::exported:
          for (const auto name : split(form.names, ' '))
            if (module_.exports.count(std::string(name))) add_exported(std::string(name));
          break;
        case Match::members:
          for (const auto name : split(form.names, ' ')) add_members(std::string(name));
          break;
        case Match::use_server: add_server_actions(); break;
        case Match::route:
        case Match::procedure: each_call(); break;
        case Match::decorator: each_class(); break;
      }
    }
    return std::move(out_);
  }

 private:
  static bool is_directive(const Node& statement) {
    return statement.is(Kind::expression_statement) && statement.text().substr(1).starts_with("use server");
  }

  void add(const Node& function) {
    const bool known =
        std::ranges::any_of(out_, [&](const EntryFunction& one) { return one.function == function; });
    if (!known) out_.push_back({function, form_});
  }

  // The functions that an expression or declaration is, or gives to a wrapper.
  void add_functions(const Node& expression, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_wrappers) return;
    if (is_function(node)) return add(node);
    if (node.is(Kind::variable_declarator)) return add_functions(node.child(Field::value), depth + 1);
    if (node.is(Kind::identifier, Kind::member_expression)) {
      if (const Node function = names_.function_at(node)) return add(function);
      if (node.is(Kind::identifier)) add_functions(names_.declaration(node), depth + 1);
      return;
    }
    if (node.is(Kind::call_expression))
      for (const Node& argument : arguments_of(node)) add_functions(argument, depth + 1);
    if (node.is(Kind::array))
      for (const Node& part : node.children()) add_functions(part, depth + 1);
  }

  void add_exported(const std::string& name) { add_functions(names_.exported(file_, name), 0); }

  void add_members(const std::string& name) {
    Node object = names_.exported(file_, name);
    if (object.is(Kind::variable_declarator)) object = bare(object.child(Field::value));
    if (!object.is(Kind::object)) return;
    for (const Node& part : object.children()) {
      if (part.is(Kind::method_definition)) add(part);
      if (part.is(Kind::pair)) add_functions(part.child(Field::value), 0);
    }
  }

  void add_server_actions() {
    const Node root = module_.syntax->root();
    const auto statements = root.children();
    if (!statements.empty() && is_directive(statements.front()))
      for (const auto& name : module_.export_order) add_exported(name);
    each_node(module_.syntax->root(), [&](const Node& at) {
      if (!is_function(at)) return;
      const auto parts = at.child(Field::body).children();
      if (!parts.empty() && is_directive(parts.front())) add(at);
    });
  }

  void each_call() {
    each_node(module_.syntax->root(), [&](const Node& at) {
      const Node callee = at.child(Field::function);
      if (!at.is(Kind::call_expression) || !callee.is(Kind::member_expression)) return;
      if (!has_word(form_->names, callee.text(Field::property))) return;
      const auto arguments = arguments_of(at);
      if (arguments.empty()) return;
      if (form_->match == Match::route) return add_route(callee, arguments);
      const std::string_view chain = callee.text(Field::object).substr(0, 60);
      if (contains(chain, "rocedure")) add_functions(arguments.front(), 0);
    });
  }

  void add_route(const Node& callee, const std::vector<Node>& arguments) {
    const std::string_view method = callee.text(Field::property);
    const Node first = bare(arguments.front());
    if (method == "route" && first.is(Kind::object)) {  // fastify.route({ url, handler })
      return add_functions(member_of(first, "handler"), 0);
    }
    const auto written = string_value(first);
    const bool path = written ? is_path(*written) : first.is(Kind::template_string);
    if (!path && method != "openapi") return;
    for (std::size_t i = 1; i < arguments.size(); ++i) add_functions(arguments[i], 0);
  }

  void each_class() {
    each_node(module_.syntax->root(), [&](const Node& at) {
      if (!at.is(Kind::class_body)) return;
      bool decorated = false;
      for (Node part = at.first(); part; part = part.next()) {
        if (part.is(Kind::method_definition)) {
          if (decorated) add(part);
          decorated = false;
        } else if (part.text().starts_with('@')) {
          const std::string_view name = part.text().substr(1, part.text().find('(') - 1);
          decorated = decorated || has_word(form_->names, name);
        } else if (!part.is(Kind::token)) {
          decorated = false;
        }
      }
    });
  }

  Bindings& names_;
  const typescript::Module& module_;
  const std::string& file_;
  const EntryForm* form_ = nullptr;
  std::vector<EntryFunction> out_;
};

}  // namespace

std::span<const EntryForm> entry_forms() { return forms; }

bool may_have_entries(std::string_view path, std::string_view text) {
  const std::string_view head = text.substr(0, 200);
  if (contains(head, "\"use client\"") || contains(head, "'use client'")) return false;
  return std::ranges::any_of(forms, [&](const EntryForm& form) {
    if (!matches_path(form, path)) return false;
    switch (form.match) {
      case Match::exported:
      case Match::members: return contains_any(text, split(form.names, ' '));
      case Match::use_server: return contains(text, "use server");
      case Match::route: return may_have_routes(text, form);
      case Match::procedure: return contains(text, "rocedure");
      case Match::decorator:
        return std::ranges::any_of(split(form.names, ' '), [&](std::string_view name) {
          return contains(text, "@" + std::string(name) + "(");
        });
    }
    return false;
  });
}

std::vector<EntryFunction> entry_functions(Bindings& names, const std::string& file) {
  const auto* module = names.program().module(file);
  return module ? EntryFunctions(names, *module, file).read() : std::vector<EntryFunction>();
}

}  // namespace pgadvise::drizzle
