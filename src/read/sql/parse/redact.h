// Removes literals that normalization leaves: libpg_query does not change utility statements (EXECUTE p('x'),
// NOTIFY), and keeps comments, which may contain trace ids or any text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sql/parse/lexer.h"

namespace pgadvise::sql {

// The statement without comments, with '...' for strings and, in statements that carry values, 0 for numbers.
// Still parses if it did before.
std::string redact(std::string_view normalized);

// Redacts the expressions of a plan: '...' for each constant, without comments; parameters and "SubPlan 1"
// stay.
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
