#include "sql/parse/lexer.h"

#include <algorithm>
#include <vector>

#include "base/text/text.h"

namespace pgadvise::sql {
namespace {

constexpr std::string_view operator_characters = "+-*/<>=~!@#%^&|`?:";

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool starts_word(char c) { return is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }
bool is_operator(char c) { return c != '\0' && operator_characters.find(c) != std::string_view::npos; }

}  // namespace

bool Lexeme::is_word(std::string_view lower_case) const {
  return kind == Kind::word && text.size() == lower_case.size() && starts_with_nocase(text, lower_case);
}

bool Lexeme::is_one_of(std::initializer_list<std::string_view> lower_case) const {
  return std::ranges::any_of(lower_case, [&](std::string_view word) { return is_word(word); });
}

std::string Lexeme::name() const {
  if (kind == Kind::word) return lower(text);
  if (kind != Kind::quoted_name || text.size() < 2 || text.front() != '"') return {};
  return replace_all(std::string(text.substr(1, text.size() - 2)), "\"\"", "\"");
}

std::string_view Lexeme::dollar_quoted() const {
  const auto open = kind == Kind::string && text[0] == '$' ? text.find('$', 1) : std::string_view::npos;
  if (open == std::string_view::npos || text.size() < 2 * (open + 1)) return {};
  return text.substr(open + 1, text.size() - 2 * (open + 1));
}

bool Lexeme::never_closed() const {
  if (kind != Kind::comment || !text.starts_with("/*")) return false;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto two = text.substr(i, 2);
    if (two != "/*" && two != "*/") continue;
    depth += two == "/*" ? 1 : -1;
    ++i;
  }
  return depth > 0;
}

Lexeme Lexer::take(Lexeme::Kind kind, std::size_t end) {
  const Lexeme out{kind, text_.substr(at_, end - at_), at_};
  at_ = std::min(end, text_.size());
  return out;
}

void Lexer::skip_line() {
  const auto end = text_.find('\n', at_);
  at_ = end == std::string_view::npos ? text_.size() : end + 1;
}

std::size_t Lexer::line_comment_end() const {
  return std::min(text_.find_first_of("\r\n", at_), text_.size());
}

std::size_t Lexer::block_comment_end() const {
  int depth = 0;
  for (std::size_t i = at_; i + 1 < text_.size(); ++i) {
    if (text_[i] == '/' && text_[i + 1] == '*') ++depth, ++i;
    else if (text_[i] == '*' && text_[i + 1] == '/' && ++i && --depth == 0) return i + 1;
  }
  return text_.size();
}

std::size_t Lexer::quoted_end(std::size_t open, char quote, bool escapes) const {
  for (std::size_t i = open + 1; i < text_.size(); ++i) {
    if (escapes && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 >= text_.size() || text_[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text_.size();
}

std::size_t Lexer::dollar_quoted_end() const {
  std::size_t i = at_ + 1;
  if (i < text_.size() && starts_word(text_[i]))
    while (i < text_.size() && in_word(text_[i]) && text_[i] != '$') ++i;
  if (i >= text_.size() || text_[i] != '$') return std::string_view::npos;
  const std::string_view tag = text_.substr(at_, i + 1 - at_);
  const auto close = text_.find(tag, i + 1);
  return close == std::string_view::npos ? text_.size() : close + tag.size();
}

std::size_t Lexer::word_end(std::size_t from) const {
  while (from < text_.size() && in_word(text_[from])) ++from;
  return from;
}

std::size_t Lexer::operators_end() const {
  std::size_t i = at_;
  while (i < text_.size() && is_operator(text_[i])) {
    const std::string_view two = text_.substr(i, 2);
    if (i > at_ && (two == "--" || two == "/*")) break;
    ++i;
  }
  return i;
}

Lexeme Lexer::next() {
  using Kind = Lexeme::Kind;
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ >= text_.size()) return {Kind::end, {}, text_.size()};
  const char c = peek();
  if (c == '-' && peek(1) == '-') return take(Kind::comment, line_comment_end());
  if (c == '/' && peek(1) == '*') return take(Kind::comment, block_comment_end());
  if (c == '\'') return take(Kind::string, quoted_end(at_, '\'', false));
  if (c == '"') return take(Kind::quoted_name, quoted_end(at_, '"', false));
  if (peek(1) == '\'' && std::string_view("eEbBxXnN").find(c) != std::string_view::npos)
    return take(Kind::string, quoted_end(at_ + 1, '\'', c == 'e' || c == 'E'));
  if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '\'')
    return take(Kind::string, quoted_end(at_ + 2, '\'', false));
  if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '"')
    return take(Kind::quoted_name, quoted_end(at_ + 2, '"', false));
  if (c == '$') {
    if (is_digit(peek(1))) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && is_digit(text_[end])) ++end;
      return take(Kind::parameter, end);
    }
    const auto end = dollar_quoted_end();
    return end == std::string_view::npos ? take(Kind::punctuation, at_ + 1) : take(Kind::string, end);
  }
  if (starts_word(c)) return take(Kind::word, word_end(at_));
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (is_digit(text_[end]) || starts_word(text_[end]) || text_[end] == '.'))
      ++end;
    return take(Kind::number, end);
  }
  if (c == '\\') return take(Kind::backslash, at_ + 1);
  if (is_operator(c)) return take(Kind::operators, operators_end());
  return take(Kind::punctuation, at_ + 1);
}

Lexeme Lexer::next_token() {
  for (;;)
    if (const Lexeme token = next(); token.kind != Lexeme::Kind::comment) return token;
}

std::vector<Lexeme> tokens_of(std::string_view text) {
  std::vector<Lexeme> out;
  for (const Lexeme& token : Lexer(text)) out.push_back(token);
  return out;
}

namespace {

// A nesting level of tree_depth: `chain` is the longest run of operators that may stand one inside the other
// so far, `links` the joins and set operations, which no comma ends.
struct Level {
  char open = '\0';
  long chain = 0;
  long links = 0;
  int betweens = 0;  // whose AND is still to come
  long depth() const { return chain + links + 1; }
};

void count_word(std::vector<Level>& levels, const Lexeme& word) {
  Level& level = levels.back();
  if (word.is_word("case")) {
    levels.push_back({'c'});
  } else if (word.is_word("end")) {
    if (level.open == 'c') levels.pop_back();
  } else if (word.is_word("between")) {
    ++level.betweens, ++level.chain;
  } else if (word.is_word("and") && level.betweens > 0) {
    --level.betweens;
  } else if (word.is_one_of({"and", "or", "when", "then", "else", "select", "where"})) {
    level.chain = 0, level.betweens = 0;
  } else if (word.is_one_of({"join", "union", "intersect", "except"})) {
    ++level.links, level.chain = 0;
  } else if (word.is_one_of({"not", "is", "isnull", "notnull", "like", "ilike", "similar", "collate", "at",
                             "in", "overlaps", "operator", "escape"})) {
    ++level.chain;
  }
}

}  // namespace

int tree_depth(std::string_view statement) {
  constexpr long enough = 1'000'000;
  constexpr int max_tokens = 2'000'000;  // the parser takes half a gigabyte for the tree of so many
  int tokens = 0;
  std::vector<Level> levels(1);
  long outer = 0;  // what the levels below the innermost add up to
  long deepest = 0;
  bool after_dot = false;  // a.end, a.and: names, whatever the word
  for (const Lexeme& token : Lexer(statement)) {
    const std::size_t before = levels.size();
    const long own = levels.back().depth();
    if (token.is('(') || token.is('[')) levels.push_back({token.text[0]});
    else if ((token.is(')') || token.is(']')) && before > 1) levels.pop_back();
    else if (token.is(',') || token.is(';')) levels.back().chain = 0, levels.back().betweens = 0;
    else if (token.kind == Lexeme::Kind::operators)
      levels.back().chain += static_cast<long>(token.text.size());
    else if (token.kind == Lexeme::Kind::word && !after_dot) count_word(levels, token);
    after_dot = token.is('.');
    if (levels.size() > before) outer += own;
    if (levels.size() < before) outer -= levels.back().depth();
    deepest = std::max(deepest, outer + levels.back().depth());
    if (++tokens > max_tokens) deepest = enough;
    if (deepest >= enough) break;
  }
  return static_cast<int>(deepest);
}

}  // namespace pgadvise::sql
