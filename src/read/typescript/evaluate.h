// Evaluates expressions of one module. Internal to Program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "typescript/environment.h"

namespace pgadvise::typescript {

class Evaluator {
 public:
  Evaluator(Environment& program, const std::string& file) : program_(program), file_(file) {}

  ValuePtr evaluate(const Node& node, Scope* scope);
  // The result of a function's body.
  ValuePtr apply(const Value& function, const std::vector<ValuePtr>& arguments);
  // Binds the names of a pattern.
  void bind(const Node& pattern, const ValuePtr& value, Scope* scope);

 private:
  struct Outcome {
    bool returned = false;
    ValuePtr value = {};
  };

  ValuePtr expression(const Node& node, Scope* scope);
  ValuePtr identifier(const Node& node, Scope* scope);
  ValuePtr object(const Node& node, Scope* scope);
  void spread(Value& out, const ValuePtr& from);
  std::optional<std::string> key(const Node& node, Scope* scope);
  ValuePtr call(const Node& node, Scope* scope);
  ValuePtr tagged(const Node& node, const ValuePtr& tag, Scope* scope);
  ValuePtr tagged_chain(const Node& node, const ValuePtr& tag, Scope* scope);
  std::vector<ValuePtr> list(const Node& node, Scope* scope, bool& partial);
  ValuePtr template_text(const Node& node, Scope* scope);
  ValuePtr binary(const Node& node, Scope* scope);
  ValuePtr unary(const Node& node, Scope* scope);
  ValuePtr enumeration(const Node& node, Scope* scope);

  Outcome block(const Node& node, Scope* scope);
  Outcome statement(const Node& node, Scope* scope);
  Outcome expression_statement(const Node& node, Scope* scope);
  static bool changes_flow(const Node& node);
  static void forget(const Node& target, Scope* scope);

  Environment& program_;
  std::string file_;
};

}  // namespace pgadvise::typescript
