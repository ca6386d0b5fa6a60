// What evaluating an expression needs of the program around it, and the bounds of evaluation. Implemented by
// Program.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "typescript/value.h"

namespace pgadvise::typescript {

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
  bool exhausted() const { return steps_ > max_steps; }

  static constexpr int max_nested = 600;  // expressions
  static constexpr int max_calls = 60;    // calls of the project's functions
  int nested = 0;
  int calls = 0;

 private:
  static constexpr std::size_t max_steps = 3'000'000;
  std::size_t steps_ = 0;
};

}  // namespace pgadvise::typescript
