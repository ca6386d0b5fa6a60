// What evaluating an expression needs of the program around it, and the bounds of evaluation. Implemented by
// Program.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "typescript/value.h"

namespace pgadvise::typescript {

// Variables of a function's body.
struct Scope {
  std::map<std::string, ValuePtr> variables = {};
  Scope* above = nullptr;  // null: the module's
};

class Environment {
 public:
  Environment() = default;
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

  // Expressions evaluated and elements copied; false when they are too many.
  bool step(std::size_t count = 1) {
    steps_ += count;
    return steps_ <= max_steps;
  }
  // For another purpose, which has steps of its own.
  void renew_steps() { steps_ = 0; }
  // Lives as long as the environment: functions of a scope may be in its variables.
  Scope* make_scope(Scope* above) { return &scopes_.emplace_back(Scope{.above = above}); }

  bool exhausted() const { return steps_ > max_steps; }

  static constexpr int max_nested = 600;  // expressions
  static constexpr int max_calls = 60;    // calls of the project's functions
  int nested = 0;
  int calls = 0;

 private:
  static constexpr std::size_t max_steps = 1'500'000;
  std::size_t steps_ = 0;
  std::deque<Scope> scopes_;
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
