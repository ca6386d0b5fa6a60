#include "sql/parse/redact.h"

#include <algorithm>
#include <cctype>

#include "base/text/text.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {

static bool begins_with_any(std::string_view statement, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](auto word) { return starts_with_nocase(statement, word); });
}

// In a query the numbers that are left are lengths of types; in all else (EXECUTE, SET, DDL) they are
// the application's values.
static bool carries_values(std::string_view statement) {
  return !begins_with_any(statement,
                          {"select", "with", "insert", "update", "delete", "merge", "values", "table", "("});
}

// Settings may be words: SET x = secret, ALTER DATABASE d SET x TO secret.
static bool sets(std::string_view statement) {
  return begins_with_any(statement, {"set ", "alter system", "alter role", "alter user", "alter database"});
}

// PASSWORD may have a word behind it there: no SQL, but a password.
static bool names_a_role(std::string_view statement) {
  return begins_with_any(
      statement, {"create role", "alter role", "create user", "alter user", "create group", "alter group"});
}

// With standard_conforming_strings = off this quote may not be the string's end: what is text from here on
// is unknown.
static bool end_is_uncertain(std::string_view string) {
  return string.size() > 2 && string.front() == '\'' && string[string.size() - 2] == '\\';
}

// Would a digit behind this be read as one with it? A word's part, or ".0".
static bool glued(std::string_view out) {
  if (out.empty()) return false;
  const auto last = static_cast<unsigned char>(out.back());
  return std::isalnum(last) || last == '_' || last == '$' || last == '.' || last >= 0x80;
}

std::string redact(std::string_view normalized) {
  std::string out;
  out.reserve(normalized.size());
  Lexer lexer(normalized);
  std::size_t end = 0;  // of the last lexeme
  bool values = false, setting = false, decided = false, assigned = false, roles = false;
  for (Lexeme lexeme = lexer.next(); lexeme.kind != Lexeme::Kind::end; lexeme = lexer.next()) {
    const bool comment = lexeme.kind == Lexeme::Kind::comment;
    if (!comment && !decided) {
      const auto statement = normalized.substr(lexeme.offset);
      values = carries_values(statement), setting = sets(statement), decided = true;
      roles = names_a_role(statement);
    }
    if (lexeme.is(';')) decided = false;
    out += normalized.substr(end, lexeme.offset - end);
    end = lexeme.offset + lexeme.text.size();
    const bool word = lexeme.kind == Lexeme::Kind::word || lexeme.kind == Lexeme::Kind::quoted_name;
    if (lexeme.kind == Lexeme::Kind::string || (assigned && word && !lexeme.is_word("null")))
      out += out.ends_with('\'') || out.ends_with('&') || glued(out) ? " '...'" : "'...'";
    else if (lexeme.kind == Lexeme::Kind::number && values) out += glued(out) ? " 0" : "0";
    else if (comment) out += out.empty() || out.back() == ' ' ? "" : " ";
    else out += lexeme.text;
    if (lexeme.kind == Lexeme::Kind::string && end_is_uncertain(lexeme.text))
      return std::string(trim(out)) + " ...";
    if (!comment)
      assigned =
          (setting && (lexeme.text == "=" || lexeme.is_word("to"))) || (roles && lexeme.is_word("password"));
  }
  return std::string(trim(out));
}

// Two strings that adjoin would be one, and one behind & might be U&'...'.
void ExpressionRedactor::take(const Lexeme& lexeme) {
  using Kind = Lexeme::Kind;
  if (lexeme.kind == Kind::string || (lexeme.kind == Kind::number && !numbered_))
    out_ += out_.ends_with('\'') || out_.ends_with('&') ? " '...'" : "'...'";
  else if (lexeme.kind != Kind::comment) out_ += lexeme.text;
  numbered_ = lexeme.kind == Kind::word && (lexeme.text == "SubPlan" || lexeme.text == "InitPlan");
}

std::string redact_expression(std::string_view expression) {
  ExpressionRedactor out;
  Lexer lexer(expression);
  std::size_t end = 0;
  for (Lexeme lexeme = lexer.next(); lexeme.kind != Lexeme::Kind::end; lexeme = lexer.next()) {
    out.keep(expression.substr(end, lexeme.offset - end));
    out.take(lexeme);
    end = lexeme.offset + lexeme.text.size();
  }
  return out.finish();
}

}  // namespace pgadvise::sql
