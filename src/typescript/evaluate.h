// Evaluates expressions of one module. Internal to Program.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "typescript/environment.h"

namespace pgadvise::typescript {

struct Scope {
  std::map<std::string, ValuePtr> variables = {};
  std::shared_ptr<Scope> above = {};  // null: the module's
};

class Evaluator {
 public:
  Evaluator(Environment& program, const std::string& file) : program_(program), file_(file) {}

  ValuePtr evaluate(const Node& node, const std::shared_ptr<Scope>& scope);
  // The result of a function's body.
  ValuePtr apply(const Value& function, const std::vector<ValuePtr>& arguments);
  // Binds the names of a pattern.
  void bind(const Node& pattern, const ValuePtr& value, const std::shared_ptr<Scope>& scope);

 private:
  struct Outcome {
    bool returned = false;
    ValuePtr value = {};
  };

  ValuePtr expression(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr identifier(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr object(const Node& node, const std::shared_ptr<Scope>& scope);
  void spread(Value& out, const ValuePtr& from);
  std::optional<std::string> key(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr call(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr tagged(const Node& node, const ValuePtr& tag, const std::shared_ptr<Scope>& scope);
  std::vector<ValuePtr> list(const Node& node, const std::shared_ptr<Scope>& scope, bool& partial);
  ValuePtr template_text(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr binary(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr unary(const Node& node, const std::shared_ptr<Scope>& scope);
  ValuePtr enumeration(const Node& node, const std::shared_ptr<Scope>& scope);

  Outcome block(const Node& node, const std::shared_ptr<Scope>& scope);
  Outcome statement(const Node& node, const std::shared_ptr<Scope>& scope);
  Outcome expression_statement(const Node& node, const std::shared_ptr<Scope>& scope);
  static bool changes_flow(const Node& node);
  static void forget(const Node& target, const std::shared_ptr<Scope>& scope);

  Environment& program_;
  std::string file_;
};

}  // namespace pgadvise::typescript
