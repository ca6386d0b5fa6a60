#include "sql/redact.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "sql/lexer.h"

namespace pgadvise::sql {

// In a query the numbers that are left are lengths of types; in these statements they are somebody's values.
static bool carries_values(std::string_view text) {
  constexpr std::string_view words[] = {"execute", "call", "prepare", "set", "notify", "comment", "explain", "declare", "create table", "create materialized"};
  const auto start = trim(text);
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) { return starts_with_nocase(start, word); });
}

// Would a digit behind this be a part of its last word? ".5" needs no space there.
static bool glued(std::string_view out) {
  if (out.empty()) return false;
  const auto last = static_cast<unsigned char>(out.back());
  return std::isalnum(last) || last == '_' || last == '$' || last >= 0x80;
}

std::string redact(std::string_view normalized) {
  std::string out;
  out.reserve(normalized.size());
  Lexer lexer(normalized);
  std::size_t end = 0;  // of the last lexeme
  bool values = false, decided = false;
  for (Lexeme lexeme = lexer.next(); lexeme.kind != Lexeme::Kind::end; lexeme = lexer.next()) {
    if (lexeme.kind != Lexeme::Kind::comment && !decided) values = carries_values(normalized.substr(lexeme.offset)), decided = true;
    out += normalized.substr(end, lexeme.offset - end);
    end = lexeme.offset + lexeme.text.size();
    if (lexeme.kind == Lexeme::Kind::string) out += out.ends_with('\'') || out.ends_with('&') ? " '...'" : "'...'";
    else if (lexeme.kind == Lexeme::Kind::number && values) out += glued(out) ? " 0" : "0";
    else if (lexeme.kind == Lexeme::Kind::comment) out += out.empty() || out.back() == ' ' ? "" : " ";
    else out += lexeme.text;
  }
  return std::string(trim(out));
}

}  // namespace pgadvise::sql
