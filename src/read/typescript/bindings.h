// Which declaration a name in a source file refers to, and which function a call calls.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "typescript/program.h"

namespace pgadvise::typescript {

// An identifier in an expression, also `{ id }` of an object.
bool is_name(const Node& node);
// The innermost body of a class around the node, or the node itself; empty outside of classes.
Node class_around(Node node);
// The expression without parentheses, `as T`, `<T>`, `satisfies T`, `!` and `await`.
Node bare(Node node);
// The parameters' patterns, in order.
std::vector<Node> parameter_patterns(const Node& function);
// Of a call or `new`: its arguments; empty for a tagged template.
std::vector<Node> arguments_of(const Node& call);
// One of them without parentheses and the like; empty if there are fewer.
Node argument_at(const Node& call, std::size_t index = 0);
// The initial value of `name = value`, without parentheses and the like; empty for another declaration, and
// for a pattern that takes the value apart.
Node initial_value(const Node& declarator);
// The innermost function around the node; empty at the top level.
Node function_around(const Node& node);
// "OrderService.list" of a method, "POST" of an exported function or variable; for a callback, the name of
// what is around it. "" at the top level.
std::string name_of_function(Node function);
// The type annotation of a parameter, a variable or a property as written, without its colon; "" for none.
std::string annotated_type(const Node& declaration);
// Values that the function returns, not those of functions inside.
std::vector<Node> returned_values(const Node& function);

struct Binding {
  enum class Kind { none, parameter, variable, element, function, class_ };
  Kind kind = Kind::none;
  Node name;              // where the name is declared; identifies the binding
  Node owner;             // the function, declarator, for statement or declaration
  Node pattern;           // the parameter's or declarator's whole pattern
  std::size_t index = 0;  // of the parameter
};

class Bindings {
 public:
  explicit Bindings(Program& program) : program_(program) {}

  // Of an identifier in the scopes around it, the file's top level included. Kind::none: an import, or
  // unknown.
  const Binding& find(const Node& identifier);

  // The declaration that a name of a file's top level or of its imports means, also in another file: a
  // declarator, a function, a class, an exported expression. Empty for unknown names.
  Node declared(const std::string& file, const std::string& name, int depth = 0);
  Node exported(const std::string& file, const std::string& name, int depth = 0);
  // The same for an identifier anywhere.
  Node declaration(const Node& identifier);

  // The project's function that the call calls: f(), this.m(), object.m(), new Service().m(), a service that
  // the constructor receives. Empty if it is not known.
  Node called(const Node& call);
  // The project's function that the expression is: f, object.m, this.m. Empty if it is not known.
  Node function_at(const Node& expression);

  Program& program() { return program_; }

 private:
  using Names = std::map<std::string, Binding, std::less<>>;
  const Names& names_of(const Node& scope);
  Node imported(const std::string& file, const Import& import, int depth);
  Node find_export(const std::string& file, const std::string& name, int depth);
  Node function_in(Node declaration, int depth);
  Node member_function(const Node& object, const std::string& name, int depth);
  Node method(const Node& of, const std::string& name, int depth);

  Program& program_;
  std::map<Node, Names> scopes_;
  std::map<Node, Node> called_;
  std::map<std::pair<std::string, std::string>, Node> exported_;  // by file and name
};

}  // namespace pgadvise::typescript
