// Nothing of a literal or comment is left.
#include "sql/parse/lexer.h"
#include "sql/parse/redact.h"
#include "support.h"

namespace pgadvise::fuzz {

void sql_redact(std::string_view input) {
  const std::string out = sql::redact(input);
  require(out.size() <= 6 * input.size(), "it grows by marks alone");
  sql::Lexer lexer(out);
  for (auto lexeme = lexer.next(); lexeme.kind != sql::Lexeme::Kind::end; lexeme = lexer.next()) {
    require(lexeme.kind != sql::Lexeme::Kind::comment, "no comment is left");
    if (lexeme.kind == sql::Lexeme::Kind::string) require(lexeme.text == "'...'", "no string is left");
  }
  require(sql::redact(out) == out, "twice is once");
}

}  // namespace pgadvise::fuzz
