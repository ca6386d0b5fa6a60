// PostgreSQL's words, on text that need not parse.
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"
#include "support.h"

namespace pgadvise::fuzz {

void sql_lexer(std::string_view input) {
  sql::Lexer lexer(input);
  std::size_t end = 0;
  for (auto lexeme = lexer.next(); lexeme.kind != sql::Lexeme::Kind::end; lexeme = lexer.next()) {
    require(!lexeme.text.empty() && lexeme.offset >= end, "lexemes follow each other");
    require(lexeme.text.data() == input.data() + lexeme.offset, "a lexeme lies in the text");
    end = lexeme.offset + lexeme.text.size();
    require(end <= input.size() && lexer.position() == end, "the lexer stands behind it");
  }
  require(sql::tree_depth(input) >= 0, "a depth is not below zero");
  const auto parts = sql::split(input);
  for (const auto& part : parts) require(within(part.text, input), "a statement lies in the script");
}

}  // namespace pgadvise::fuzz
