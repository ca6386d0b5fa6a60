// The source files of a repository, parsed when they are asked for, and the values of their constants.
//
// Evaluation follows constants, imports and calls of the project's own functions. It runs nothing of other
// packages, has bounds for steps and depth, and yields Kind::unknown for what it does not know: variables
// that change, loops, conditions on the environment, asynchronous functions.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/step_budget.h"
#include "files/tree.h"
#include "typescript/module.h"
#include "typescript/resolve.h"
#include "typescript/value.h"

namespace pgadvise::typescript {

// Variables of a function's body.
struct Scope {
  std::map<std::string, ValuePtr> variables = {};
  Scope* above = nullptr;  // null: the module's
};

class Program {
 public:
  // Takes steps of the tree's budget.
  explicit Program(files::Tree& tree)
      : tree_(tree), resolver_(tree), budget_(tree.steps()), reported_(exhausted()) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  files::Tree& tree() { return tree_; }
  Resolver& resolver() { return resolver_; }

  // The text of a module of another package, where the repository has no file for it. Its other exports are
  // external.
  void provide(const std::string& specifier, std::string text) { provided_[specifier] = std::move(text); }

  // Parses the file once. nullptr: it is missing, or could not be parsed, which is reported in the tree's
  // diagnostics. Valid as long as the program.
  const Module* module(const std::string& path);
  const std::set<std::string>& parsed() const { return parsed_; }
  // Parses files that module() will be asked for, on the machine's cores. Nothing else depends on it.
  void parse_ahead(const std::vector<std::string>& paths);
  // The same for the files and for all whose names they export: these, sorted.
  std::set<std::string> parse_exports_ahead(std::vector<std::string> paths);

  // Adds a warning to the tree's diagnostics, if the steps ended before all was followed: where, and which
  // files are concerned. Once, and not if they had ended before this program.
  void report_unfollowed();
  // Files of which not all is followed, since the steps ended.
  const std::set<std::string>& unfollowed() const { return unfollowed_; }

  // The value of calling `function` with `arguments`.
  ValuePtr call(const ValuePtr& function, const std::vector<ValuePtr>& arguments, const Node& node = {});
  // object.name
  ValuePtr member(const ValuePtr& object, const std::string& name, const Node& node = {});
  // A variable of the file's top level, an import, or a global variable.
  ValuePtr variable(const std::string& file, const std::string& name, const Node& node);

  // What the module exports, `export *` included, in the order of the files.
  std::vector<std::string> exported_names(const std::string& file);
  // The value of an exported name; unknown for a missing one. The same pointer for each call.
  ValuePtr exported(const std::string& file, const std::string& name);

  // Expressions evaluated and elements copied; false when there are no steps left.
  bool step(std::size_t count = 1) { return budget_.take(count); }
  // The same; when there are none left, remembers that the rest of the file is not followed.
  bool step_at(const Node& node, std::size_t count = 1);
  bool step_in(const std::string& file, std::size_t count = 1);
  // Steps for a text that is copied or compared.
  bool step_over(std::string_view text) { return step(text.size() / 64); }
  // Lives as long as the program: functions of a scope may be in its variables.
  Scope* make_scope(Scope* above) { return &scopes_.emplace_back(Scope{.above = above}); }

  bool exhausted() const { return budget_.exhausted(); }
  const StepBudget& budget() const { return budget_; }

  static constexpr int max_nested = 600;             // expressions
  static constexpr int max_calls = 60;               // calls of the project's functions
  static constexpr std::size_t max_text = 1u << 20;  // bytes of a string that is put together
  int nested = 0;
  int calls = 0;

 private:
  struct ParseJob {
    const std::string* path;
    const std::string* text;
    std::optional<Result<std::unique_ptr<const Module>>> module = std::nullopt;
  };
  void parse_at_once(std::vector<ParseJob>& jobs);  // empties the list
  ValuePtr local(const std::string& path, const std::string& name);
  ValuePtr initial_value(const Module& module, const std::string& name, const Node& node);
  ValuePtr imported(const std::string& from, const Import& import, const Node& node);
  struct Exports {
    std::vector<std::string> names;            // in order
    std::map<std::string, std::string> files;  // that have them, by name
  };
  // Adds what the file exports itself, and by `export *` without "default".
  void add_exports(const std::string& path, std::set<std::string>& visited, Exports& out);
  Exports exports_of(const std::string& path);
  ValuePtr find_export(const std::string& path, const std::string& name);
  const std::map<std::string, std::string>& origins(const std::string& path);

  files::Tree& tree_;
  Resolver resolver_;
  StepBudget& budget_;
  std::deque<Scope> scopes_;
  SourceLocation first_unfollowed_;   // where the steps ended
  std::set<std::string> unfollowed_;  // files of which not all is followed
  std::map<std::string, std::unique_ptr<const Module>> modules_;
  std::map<std::string, Result<std::unique_ptr<const Module>>> ahead_;  // not asked for yet
  std::set<std::string> parsed_;
  bool reported_;                                // that the steps ended
  std::map<std::string, std::string> provided_;  // by specifier, which is also the path of the module
  std::map<std::pair<std::string, std::string>, ValuePtr> locals_;  // by file and name; null: being computed
  std::map<Node, Scope*> bound_;                                    // by declarator: the names of its pattern
  std::map<std::pair<std::string, std::string>, ValuePtr> exports_;
  // By file: the file with the export of each name that the file exports itself or by `export *`.
  std::map<std::string, std::map<std::string, std::string>> origins_;
};

// Counts a level of nesting while it lives.
class Nested {
 public:
  explicit Nested(int& depth) : depth_(depth) { ++depth_; }
  ~Nested() { --depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  int& depth_;
};

// Evaluation of expressions, within the bounds of the program (evaluate.cc). It runs nothing.

// The value of the expression; undefined of an empty node. `scope`: the variables around it; null: those of
// its module.
ValuePtr evaluate(Program& program, const Node& node, Scope* scope = nullptr);
// The result of a function's body.
ValuePtr apply_function(Program& program, const Value& function, const std::vector<ValuePtr>& arguments);
// Gives the names of a pattern their values in the scope.
void bind_names(Program& program, const Node& pattern, const ValuePtr& value, Scope* scope);

// Methods of strings and arrays, functions of Object, and members of enumerations that packages make, whose
// value follows from known values (builtins.cc).

// `method`: a value of Kind::member. nullopt: not one of these methods, or its values are not known.
std::optional<ValuePtr> call_builtin(Program& program, const Value& method,
                                     const std::vector<ValuePtr>& arguments, const Node& node);

// The labels that `call`.name holds: z.enum(['a', 'b']).options, .enum of the same as an object, enumValues
// of pgEnum(). nullopt: another function or member, or the labels are not known.
std::optional<ValuePtr> enumeration_member(const Value& call, const std::string& name, const Node& node);

}  // namespace pgadvise::typescript
