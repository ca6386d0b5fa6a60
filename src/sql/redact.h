// A normalised statement may still hold literals: libpg_query leaves utility statements (EXECUTE p('x'),
// NOTIFY) as they are, and keeps comments, where ORMs put trace ids and people put anything.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sql/lexer.h"

namespace pgadvise::sql {

// Without comments; strings become '...', and the numbers of statements that carry values 0. Still parses if
// it did.
std::string redact(std::string_view normalized);

// Expressions as a plan shows them, lexeme by lexeme: '...' in place of each constant, strings and numbers
// alike. Comments are left out; parameters and "SubPlan 1" stay.
class ExpressionRedactor {
 public:
  void take(const Lexeme& lexeme);
  void keep(std::string_view text) { out_ += text; }  // what is known to be no constant
  std::string finish() { return std::move(out_); }

 private:
  std::string out_;
  bool numbered_ = false;  // the next number is a name's
};
std::string redact_expression(std::string_view expression);

}  // namespace pgadvise::sql
