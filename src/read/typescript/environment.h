// What evaluating an expression needs of the program around it, and the bounds of evaluation. Implemented by
// Program.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/step_budget.h"
#include "typescript/value.h"

namespace pgadvise::typescript {

// Variables of a function's body.
struct Scope {
  std::map<std::string, ValuePtr> variables = {};
  Scope* above = nullptr;  // null: the module's
};

class Environment {
 public:
  // The budget must outlive the environment.
  explicit Environment(StepBudget& budget) : budget_(budget) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  virtual ~Environment() = default;

  // The value of calling `function` with `arguments`.
  virtual ValuePtr call(const ValuePtr& function, const std::vector<ValuePtr>& arguments,
                        const Node& node = {}) = 0;
  // object.name
  virtual ValuePtr member(const ValuePtr& object, const std::string& name, const Node& node = {}) = 0;
  // A variable of the file's top level, an import, or a global variable.
  virtual ValuePtr variable(const std::string& file, const std::string& name, const Node& node) = 0;

  // What the module exports, `export *` included, in the order of the files.
  virtual std::vector<std::string> exported_names(const std::string& file) = 0;
  // The value of an exported name; unknown for a missing one. The same pointer for each call.
  virtual ValuePtr exported(const std::string& file, const std::string& name) = 0;

  // Expressions evaluated and elements copied; false when there are no steps left.
  bool step(std::size_t count = 1) { return budget_.take(count); }
  // The same; when there are none left, remembers that the rest of the file is not followed.
  bool step_at(const Node& node, std::size_t count = 1);
  bool step_in(const std::string& file, std::size_t count = 1);
  // Steps for a text that is copied or compared.
  bool step_over(std::string_view text) { return step(text.size() / 64); }
  // Lives as long as the environment: functions of a scope may be in its variables.
  Scope* make_scope(Scope* above) { return &scopes_.emplace_back(Scope{.above = above}); }

  bool exhausted() const { return budget_.exhausted(); }
  const StepBudget& budget() const { return budget_; }

  static constexpr int max_nested = 600;             // expressions
  static constexpr int max_calls = 60;               // calls of the project's functions
  static constexpr std::size_t max_text = 1u << 20;  // bytes of a string that is put together
  int nested = 0;
  int calls = 0;

 private:
  StepBudget& budget_;
  std::deque<Scope> scopes_;

 protected:
  SourceLocation first_unfollowed_;   // where the steps ended
  std::set<std::string> unfollowed_;  // files of which not all is followed
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

}  // namespace pgadvise::typescript
