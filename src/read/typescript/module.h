// What a file imports, exports and declares at its top level.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "typescript/syntax.h"

namespace pgadvise::typescript {

// `import { a as b } from "m"`: "b" -> {"m", "a"}. The name is "default" for a default import, and "*" for
// the module's namespace.
struct Import {
  std::string specifier;
  std::string name;
};

// A name that a module exports: a local name, an expression (export default …), or a name of another module.
struct Export {
  std::string local;
  Node expression;
  Import from;  // with an empty specifier: none
};

struct Module {
  std::unique_ptr<const Syntax> syntax;
  std::map<std::string, Import> imports;
  std::map<std::string, Export> exports;
  std::vector<std::string> export_order;  // names in `exports`, in the order of the file
  std::vector<std::string> star_exports;  // specifiers of `export * from`
  // Top-level declarations by name: a variable_declarator, a function, an enum or a class.
  std::map<std::string, Node> locals;
  // Top-level variables that a statement of the module changes: their value is unknown.
  std::set<std::string> changed;
  Node export_assignment;  // `export = x`, `module.exports = x`
};

// Also reads CommonJS: require(), module.exports, exports.name.
Module index_module(std::unique_ptr<const Syntax> syntax);

// The identifiers that a pattern binds, in order: {a, b: c, ...d} binds a, c and d.
std::vector<Node> bound_names(const Node& pattern);

}  // namespace pgadvise::typescript
