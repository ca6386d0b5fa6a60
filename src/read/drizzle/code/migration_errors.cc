#include "drizzle/code/migration_errors.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_index.h"
#include "drizzle/schema/importers.h"
#include "typescript/bindings.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

using Form = IgnoredMigrationError::Form;

// "drizzle-orm/node-postgres/migrator": of a driver that connects to a server.
bool is_migrator(std::string_view specifier) {
  constexpr std::string_view head = "drizzle-orm/", tail = "/migrator";
  if (!specifier.starts_with(head) || !specifier.ends_with(tail)) return false;
  const auto driver =
      specifier.substr(head.size(), specifier.size() - std::min(specifier.size(), head.size() + tail.size()));
  return is_one_of(driver, {"node-postgres", "postgres-js", "neon-http", "neon-serverless", "vercel-postgres",
                            "aws-data-api/pg", "pg-proxy", "xata-http", "bun-sql"});
}

bool is_read(const std::string& path) {
  const std::string base = lower(files::base_of(path));
  return typescript::is_source(path) && !files::never_deployed(path) && !files::deployed_by_others(path) &&
         !files::named_for_development(path) && !contains_any(base, {".test.", ".spec."});
}

std::vector<Node> calls_in(const Node& root) {
  std::vector<Node> out;
  typescript::each_call(root, [&](const Node& call) { out.push_back(call); });
  return out;
}

bool is_exit(const Node& call) {
  return is_one_of(bare(call.child(Field::function)).text(),
                   {"process.exit", "Deno.exit", "exit", "process.abort", "process.kill"});
}

bool exits_with_zero(const Node& call) {
  const auto arguments = arguments_of(call);
  return is_exit(call) && (arguments.empty() || arguments.front().text() == "0") &&
         !contains(call.syntax()->text(), "exitCode");
}

// Writes a message: console.error(…), logger.warn(…), Sentry.captureException(…).
bool is_log(const Node& callee) {
  const std::string text = lower(callee.text());
  return is_one_of(text.substr(text.rfind('.') + 1), {"error", "warn", "info", "debug", "trace"}) ||
         text.starts_with("console.") || contains_any(text, {"log", "sentry", "capture", "spinner", "ora("});
}

// What a handler does with an error.
enum class Handling { hides, passes_on, ends };

class IgnoredErrors {
 public:
  explicit IgnoredErrors(Program& program) : program_(program), names_(program) {}

  std::vector<IgnoredMigrationError> read() {
    files::Tree& tree = program_.tree();
    std::vector<std::string> files;
    for (const auto& path : tree.files()) {
      if (!is_read(path) || files.size() >= max_files) continue;
      const std::string* text = tree.peek(path);
      if (text && contains(*text, "/migrator") && contains(*text, "drizzle-orm/") &&
          typescript::may_be_source(*text))
        files.push_back(path);
    }
    for (const auto& path : files) {
      const auto* module = program_.module(path);
      if (!module) continue;
      for (const Node& call : calls_in(module->syntax->root()))
        if (const std::string package = migrator_of(call, *module); !package.empty()) {
          found_ = {};
          found_.package = package;
          found_.called = call.location();
          seen_.clear();
          follow(call, 0);
        }
    }
    std::ranges::sort(out_, {}, [](const auto& one) { return std::tie(one.place, one.called); });
    return std::move(out_);
  }

 private:
  static constexpr int max_followed = 5;  // functions of the project
  static constexpr std::size_t max_files = 500;

  // The package of migrate(), imported by the file or where it is called; "" for any other call.
  std::string migrator_of(const Node& call, const typescript::Module& module) {
    const Node callee = bare(call.child(Field::function));
    if (!callee.is(Kind::identifier)) return {};
    const Binding& binding = names_.find(callee);
    if (binding.kind == Binding::Kind::none || !binding.owner.child(Field::value)) {
      const auto import = module.imports.find(std::string(callee.text()));
      const bool known = import != module.imports.end() && import->second.name == "migrate" &&
                         is_migrator(import->second.specifier);
      return known ? import->second.specifier : std::string();
    }
    // const { migrate } = await import('drizzle-orm/node-postgres/migrator')
    const Node made = bare(binding.owner.child(Field::value));
    if (!made.is(Kind::call_expression) || !binding.pattern.is(Kind::object_pattern)) return {};
    const auto specifier = string_value(argument_at(made));
    return specifier && is_migrator(*specifier) ? *specifier : std::string();
  }

  // What becomes of the error of a promise, from the expression that makes it outwards.
  void follow(const Node& promise, int depth) {
    bool awaited = false;
    Node at = promise;
    for (Node above = at.parent(); above; above = at.parent()) {
      if (is_function(above)) {
        const Node next = outside_of(above, depth);
        if (!next) return;
        at = next;
        awaited = false;
        continue;
      }
      if (above.is(Kind::await_expression)) awaited = true;
      if (for_development(above)) return;
      if (above.is(Kind::member_expression) && above.child(Field::object) == at && !awaited &&
          above.parent().is(Kind::call_expression) && above.parent().child(Field::function) == above) {
        if (!on_method(above.parent())) return;
        at = above.parent();
        continue;
      }
      if (above.is(Kind::try_statement) && at.field() == Field::body && awaited && !on_try(above)) return;
      if (above.is(Kind::expression_statement) && !awaited) return;  // nobody waits for it
      at = above;
    }
  }

  // The call of a function that is written in the call, or that the call gets; empty for others.
  static Node call_with(const Node& function) {
    Node at = function;
    while (at.parent().is(Kind::parenthesized_expression)) at = at.parent();
    return at.parent().is(Kind::arguments)         ? at.parent().parent()
           : at.parent().is(Kind::call_expression) ? at.parent()
                                                   : Node();
  }

  // Where the error of a function's promise appears next; empty: where is not known, or it was followed.
  Node outside_of(const Node& function, int depth) {
    if (const Node call = call_with(function)) return call;
    if (depth < max_followed && seen_.insert(function).second)
      for (const Node& call : calls_of(function)) follow(call, depth + 1);
    return {};
  }

  // Of functions of the same file, and of files that name an exported one.
  std::vector<Node> calls_of(const Node& function) {
    const std::string name = name_of_function(function);
    const std::string& file = function.syntax()->file();
    const std::string last = name.substr(name.rfind('.') + 1);
    if (last.size() < 3) return {};
    std::vector<std::string> files{file};
    const bool elsewhere = is_exported(file, last) || function.is(Kind::method_definition);
    for (const auto& path : program_.tree().files()) {
      if (!elsewhere || path == file || !is_read(path) || files.size() > 40) continue;
      const std::string* text = program_.tree().peek(path);
      if (text && contains(*text, last + "(") && contains(*text, "import") &&
          typescript::may_be_source(*text))
        files.push_back(path);
    }
    std::vector<Node> out;
    for (const auto& path : files)
      if (const auto* module = program_.module(path))
        for (const Node& call : calls_in(module->syntax->root()))
          if (contains(bare(call.child(Field::function)).text(), last) && names_.called(call) == function)
            out.push_back(call);
    return out;
  }

  bool is_exported(const std::string& file, const std::string& name) {
    const auto* module = program_.module(file);
    if (!module || module->export_assignment) return module != nullptr;
    return std::ranges::any_of(
        module->exports, [&](const auto& item) { return item.first == name || item.second.local == name; });
  }

  // .catch(…), .then(…, …) and .finally(…) behind the promise; false: the error ends there.
  bool on_method(const Node& call) {
    const std::string_view method = method_of(call);
    const auto arguments = arguments_of(call);
    if (method == "finally" && !arguments.empty()) {
      for (const Node& inner : calls_in(body_of(arguments.front())))
        if (exits_with_zero(inner)) return report(Form::exit_in_finally, inner, true);
      return true;
    }
    const std::size_t handler = method == "catch" ? 0 : 1;
    if (method != "catch" && method != "then") return false;
    if (arguments.size() <= handler) return true;
    const Handling handling = handling_of(arguments[handler]);
    if (handling == Handling::hides)
      return report(Form::catch_method, call.child(Field::function).child(Field::property),
                    has_exit(body_of(arguments[handler])));
    return handling == Handling::passes_on;
  }

  // false: the error ends in the statement.
  bool on_try(const Node& statement) {
    const Node handler = statement.child(Kind::catch_clause);
    if (handler) {
      const Node body = handler.child(Field::body);
      const Handling handling =
          fails_after(statement) ? Handling::ends : handling_of_body(body, handler.child(Field::parameter));
      if (handling == Handling::hides) return report(Form::catch_clause, handler, has_exit(body));
      if (handling == Handling::ends) return false;
    }
    for (const Node& call : calls_in(statement.child(Kind::finally_clause)))
      if (exits_with_zero(call)) return report(Form::exit_in_finally, call, true);
    return true;
  }

  // Whether something behind the statement ends with a failure: process.exit(1) behind a loop of attempts.
  static bool fails_after(const Node& statement) {
    const Node around = function_around(statement);
    for (Node at = statement; at && at != around; at = at.parent()) {
      if (at.is(Kind::for_statement, Kind::while_statement, Kind::do_statement))
        return true;  // it is tried again
      for (Node next = at.next(); next; next = next.next())
        if (ends_with_failure(next)) return true;
    }
    return false;
  }

  static bool ends_with_failure(const Node& node) {
    if (node.is(Kind::throw_statement) || contains(node.text(), "exitCode")) return true;
    if (is_function(node)) return false;
    if (node.is(Kind::call_expression) && is_exit(node) && !exits_with_zero(node)) return true;
    return std::ranges::any_of(node.children(), ends_with_failure);
  }

  static Node body_of(const Node& function) {
    return is_function(function) ? function.child(Field::body) : function;
  }

  static bool has_exit(const Node& body) {
    const auto calls = calls_in(body);
    return std::ranges::any_of(calls, exits_with_zero);
  }

  Handling handling_of(Node handler) {
    handler = bare(handler);
    if (handler.is(Kind::member_expression)) return is_log(handler) ? Handling::hides : Handling::ends;
    if (handler.is(Kind::identifier)) {
      const Node declared = names_.declaration(handler);
      handler = declared.is(Kind::variable_declarator) ? bare(declared.child(Field::value)) : declared;
    }
    if (!is_function(handler)) return Handling::ends;
    const auto parameters = parameter_patterns(handler);
    return handling_of_body(handler.child(Field::body), parameters.empty() ? Node() : parameters.front());
  }

  Handling handling_of_body(const Node& body, const Node& error) {
    if (!body.is(Kind::statement_block)) {  // error => console.error(error)
      const Node value = bare(body);
      return value.is(Kind::call_expression) && (is_log(value.child(Field::function)) || is_exit(value))
                 ? part_handling(value, error)
                 : Handling::ends;
    }
    for (const Node& statement : body.children())
      if (statement.is(Kind::throw_statement)) return Handling::passes_on;
    return part_handling(body, error);
  }

  // hides, or ends for all that may make the failure known.
  Handling part_handling(const Node& node, const Node& error) {
    switch (node.kind()) {
      case Kind::throw_statement:
      case Kind::assignment_expression:
      case Kind::augmented_assignment_expression:
      case Kind::update_expression: return Handling::ends;
      case Kind::return_statement:
        if (!node.children().empty()) return Handling::ends;
        break;
      case Kind::number:
        if (node.text().size() == 3 && (node.text()[0] == '4' || node.text()[0] == '5'))
          return Handling::ends;  // the status of an answer
        break;
      case Kind::call_expression:
        if (call_ends(node, error)) return Handling::ends;
        break;
      case Kind::other:
        if (node.text().starts_with("continue") || node.text().starts_with("break")) return Handling::ends;
        break;
      default: break;
    }
    for (const Node& part : node.children())
      if (part_handling(part, error) == Handling::ends) return Handling::ends;
    return Handling::hides;
  }

  bool call_ends(const Node& call, const Node& error) {
    if (is_exit(call)) return !exits_with_zero(call);
    const Node callee = bare(call.child(Field::function));
    const std::string name = lower(callee.text().substr(callee.text().rfind('.') + 1));
    if (is_one_of(name,
                  {"reject", "resolve", "next", "done", "cb", "callback", "fatal", "assert", "expect"}) ||
        contains_any(name, {"exit", "fail", "abort", "panic", "shutdown", "retry", "status"}))
      return true;
    if (const Node function = names_.called(call))
      return contains_any(function.text(), {"process.exit", "throw ", "exitCode"});
    if (is_log(callee) || !error) return false;
    // The error goes to something that is not known.
    return std::ranges::any_of(arguments_of(call),
                               [&](const Node& argument) { return bare(argument).text() == error.text(); });
  }

  // Whether code at the top level of a file runs the function, and the file serves nothing.
  bool is_script(const Node& place) {
    const std::string& text = place.syntax()->text();
    if (contains_any(text,
                     {".listen(", "serve(", "createServer", "NestFactory", "setInterval(", "express()"}))
      return false;
    Node function = function_around(place);
    std::set<Node> seen;
    while (function && seen.insert(function).second) {
      const Node outside = outside_call(function);
      if (!outside) return false;
      function = function_around(outside);
    }
    return !function && !importers_.is_imported(place.syntax()->file());
  }

  // The call of the function in its file, at the top level if there is one.
  Node outside_call(const Node& function) {
    Node found = call_with(function);
    if (found) return found;
    for (const Node& call : calls_in(function.syntax()->root()))
      if (names_.called(call) == function && (!found || !function_around(call))) found = call;
    return found;
  }

  // A branch that depends on the environment.
  static bool for_development(const Node& statement) {
    return statement.is(Kind::if_statement) &&
           contains_any(lower(statement.text(Field::condition)), {"node_env", "isdev", "is_dev", "develop"});
  }

  // false: the error ends here.
  bool report(Form form, const Node& handler, bool exits) {
    for (Node above = handler; above; above = above.parent())
      if (for_development(above)) return false;
    found_.form = form;
    found_.place = handler.location();
    found_.function = name_of_function(function_around(handler));
    found_.script = exits || is_script(handler);
    const bool known = std::ranges::any_of(
        out_, [&](const IgnoredMigrationError& each) { return each.place == found_.place; });
    if (!known) out_.push_back(found_);
    return false;
  }

  Program& program_;
  Bindings names_;
  Importers importers_{program_, is_read};
  IgnoredMigrationError found_;  // the one that is looked for
  std::set<Node> seen_;          // functions whose calls were followed
  std::vector<IgnoredMigrationError> out_;
};

}  // namespace

std::vector<IgnoredMigrationError> ignored_migration_errors(Program& program) {
  return IgnoredErrors(program).read();
}

}  // namespace pgadvise::drizzle
