#include "base/mask_constants.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/text.h"

namespace pgadvise {
namespace {

constexpr std::size_t none = std::string_view::npos;

struct Token {
  enum class Kind : std::uint8_t { word, quoted_name, string, number, operators, punctuation };
  Kind kind;
  std::size_t begin, end;
  std::string_view content;  // of a name or string: without its quotes
  bool secret = false;       // a column's, setting's or key's name
  bool key = false;          // a string that names something: ->'key', current_setting('name')
  bool hidden = false;
};

bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool word_part(char c) { return word_start(c) || digit(c) || c == '$'; }
bool operator_part(char c) { return std::string_view("+-*/<>=~!@#%^&|`?:").find(c) != none; }

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    while (at_ < text_.size()) step();
  }
  std::vector<Token> all;

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void add(Token::Kind kind, std::size_t end, std::size_t from, std::size_t to) {
    all.push_back({kind, at_, end, text_.substr(from, std::max(from, to) - from)});
    at_ = end;
  }

  void step() {
    const char c = peek();
    if (std::string_view(" \t\r\n\f\v").find(c) != none) ++at_;
    else if (text_.substr(at_, 2) == "--") at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    else if (text_.substr(at_, 2) == "/*") at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
    else if (c == '\'' || c == '"') quoted(at_, false);
    else if ((c == 'e' || c == 'E') && peek(1) == '\'') quoted(at_ + 1, true);
    else if (std::string_view("bBxXnN").find(c) != none && peek(1) == '\'') quoted(at_ + 1, false);
    else if ((c == 'u' || c == 'U') && peek(1) == '&' && (peek(2) == '\'' || peek(2) == '"'))
      quoted(at_ + 2, false);
    else if (c == '$' && !digit(peek(1)) && dollar()) return;
    else if (word_start(c)) run(Token::Kind::word, word_part);
    else if (digit(c)) run(Token::Kind::number, [](char part) { return word_part(part) || part == '.'; });
    else if (c == '$') ++at_, run(Token::Kind::punctuation, digit);
    else if (operator_part(c)) operators();
    else add(Token::Kind::punctuation, at_ + 1, at_, at_ + 1);
  }

  template <class Part>
  void run(Token::Kind kind, Part part) {
    std::size_t end = at_;
    while (end < text_.size() && part(text_[end])) ++end;
    add(kind, end, at_, end);
  }

  void operators() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && operator_part(text_[end]) && text_.substr(end, 2) != "--" &&
           text_.substr(end, 2) != "/*")
      ++end;
    add(Token::Kind::operators, end, at_, end);
  }

  void quoted(std::size_t open, bool escapes) {
    const char quote = text_[open];
    std::size_t end = open + 1;
    while (end < text_.size() &&
           (text_[end] != quote || text_.substr(end + 1, 1) == std::string_view(&quote, 1)))
      end += text_[end] == quote || (escapes && text_[end] == '\\') ? 2 : 1;
    end = std::min(end, text_.size());
    add(quote == '"' ? Token::Kind::quoted_name : Token::Kind::string, std::min(end + 1, text_.size()),
        open + 1, end);
  }

  bool dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && word_part(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const auto close = std::min(text_.find(tag, end + 1), text_.size());
    add(Token::Kind::string, std::min(close + tag.size(), text_.size()), end + 1, close);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Masker {
 public:
  Masker(std::string_view text, bool (*is_secret)(std::string_view))
      : text_(text), is_secret_(is_secret), tokens_(Tokens(text).all) {}

  std::string run() {
    bool any = false;
    for (std::size_t i = 0; i < size(); ++i) {
      name(i);
      any = any || tokens_[i].secret;
    }
    if (!any) return std::string(text_);
    left_ = 16 * size() + 4096;
    for (std::size_t i = 0; i < size(); ++i) look(i);
    if (left_ == 0) hide(0, size());  // more nested than any statement is: nothing is kept
    return written();
  }

 private:
  using Kind = Token::Kind;
  std::size_t size() const { return tokens_.size(); }
  std::string_view spelled(std::size_t i) const {
    return i < size() ? text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin)
                      : std::string_view();
  }
  bool is(std::size_t i, std::string_view text) const {
    return i < size() && tokens_[i].kind != Kind::string && spelled(i) == text;
  }
  bool is_word(std::size_t i, std::string_view word) const {
    return i < size() && tokens_[i].kind == Kind::word && spelled(i).size() == word.size() &&
           starts_with_nocase(spelled(i), word);
  }
  template <std::size_t N>
  bool is_one(std::size_t i, const std::array<std::string_view, N>& words) const {
    return i < size() && tokens_[i].kind == Kind::word &&
           std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(i, word); });
  }
  bool is_name(std::size_t i) const {
    return i < size() && (tokens_[i].kind == Kind::word || tokens_[i].kind == Kind::quoted_name);
  }
  bool opens(std::size_t i) const { return is(i, "(") || is(i, "["); }
  bool closes(std::size_t i) const { return is(i, ")") || is(i, "]"); }
  bool looks_into(std::size_t i) const {
    return i < size() && tokens_[i].kind == Kind::operators &&
           (spelled(i).starts_with("->") || spelled(i).starts_with("#>"));
  }

  bool secret_setting(std::string_view setting) const {
    const auto dot = setting.rfind('.');
    return is_secret_(dot == none ? setting : setting.substr(dot + 1));
  }

  void name(std::size_t i) {
    Token& token = tokens_[i];
    if (token.kind == Kind::string) {
      const bool of_setting =
          i > 1 && is(i - 1, "(") && (is_word(i - 2, "current_setting") || is_word(i - 2, "set_config"));
      token.key = of_setting || (i > 0 && looks_into(i - 1));
      token.secret = token.key && secret_setting(token.content);
    } else if (is_name(i)) {
      token.secret = is_secret_(token.content) && !is(i + 1, ".") && !is(i + 1, "(") && !looks_into(i + 1);
    }
  }

  // The 20 of x::character varying(20), the 2 of x::numeric(10, 2).
  bool of_type(std::size_t i) const {
    while (i > 0 && (tokens_[i].kind == Kind::number || is(i, ","))) --i;
    if (!is(i, "(") || i == 0 || !is_name(i - 1)) return false;
    while (i > 0 && (is_name(i - 1) || is(i - 1, "."))) --i;
    return i > 0 && is(i - 1, "::");
  }

  void hide(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, size()); ++i) {
      Token& token = tokens_[i];
      if ((token.kind == Kind::string && !token.key && !token.content.empty()) ||
          (token.kind == Kind::number && !of_type(i)))
        token.hidden = true;
    }
  }

  // What ends an operand on its own level of brackets.
  bool ends_operand(std::size_t i) const {
    static constexpr std::array<std::string_view, 32> words = {
        "and",    "or",    "not",    "where",     "on",    "select", "set",       "from",
        "having", "when",  "then",   "else",      "end",   "case",   "group",     "order",
        "limit",  "union", "values", "returning", "using", "join",   "filter",    "offset",
        "fetch",  "for",   "do",     "as",        "if",    "return", "intersect", "except"};
    return is(i, ",") || is(i, ";") || is_one(i, words) || compares(i);
  }

  bool compares(std::size_t i) const {
    static constexpr std::array<std::string_view, 5> words = {"like", "ilike", "similar", "in", "between"};
    if (is_one(i, words)) return true;
    if (is_word(i, "is")) return is_word(i + (is_word(i + 1, "not") ? 2 : 1), "distinct");
    if (i >= size() || tokens_[i].kind != Kind::operators || looks_into(i) || is(i, "::")) return false;
    return spelled(i).find_first_of("=<>~") != none;
  }

  std::size_t left_of(std::size_t i) {
    int depth = 0;
    for (; i > 0 && left_ > 0; --i, --left_) {
      if (closes(i - 1)) ++depth;
      else if (opens(i - 1) && --depth < 0) break;
      else if (depth == 0 && ends_operand(i - 1)) break;
    }
    return i;
  }

  std::size_t right_of(std::size_t i) {
    int depth = 0;
    for (; i < size() && left_ > 0; ++i, --left_) {
      if (opens(i)) ++depth;
      else if (closes(i) && --depth < 0) break;
      else if (depth == 0 && ends_operand(i)) break;
    }
    return i;
  }

  // Names of secrets, and constants, outside of a subquery.
  bool has_secret(std::size_t from, std::size_t to) const {
    return std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(from),
                       tokens_.begin() + static_cast<std::ptrdiff_t>(to),
                       [](const Token& token) { return token.secret; });
  }
  bool is_query(std::size_t from, std::size_t to) const {
    for (; from < to; ++from)
      if (is_word(from, "select")) return true;
    return false;
  }

  void look(std::size_t i) {
    if (left_ == 0) return;
    if (compares(i)) comparison(i);
    else if (is_word(i, "insert") && is_word(i + 1, "into")) insert(i + 2);
    else if (is_name(i) && is(i + 1, "(")) arguments(i);
    else if (is_word(i, "case")) case_of(i);
    else if (is_word(i, "set")) setting(i);
    else if (tokens_[i].secret && !tokens_[i].key && i + 1 < size() && tokens_[i + 1].kind == Kind::string)
      hide(i + 1, i + 2);
    else if (is_word(i, "as") && i + 1 < size() && tokens_[i + 1].secret) hide(left_of(i), i);
  }

  void comparison(std::size_t i) {
    const std::size_t left = left_of(is_word(i - 1, "not") && i > 0 ? i - 1 : i);
    std::size_t right = i + 1;
    while (is_word(right, "not") || is_word(right, "distinct") || is_word(right, "from") ||
           is_word(right, "to") || is_word(right, "symmetric"))
      ++right;
    std::size_t end = right_of(right);
    if (is_word(i, "between") && is_word(end, "and")) end = right_of(end + 1);
    const bool query_left = is_query(left, i), query_right = is_query(right, end);
    if (!(!query_left && has_secret(left, i)) && !(!query_right && has_secret(right, end))) return;
    if (!query_left) hide(left, i);
    if (!query_right) hide(right, end);
  }

  void case_of(std::size_t i) {
    const std::size_t when = right_of(i + 1);
    if (!is_word(when, "when") || !has_secret(i + 1, when)) return;
    std::size_t end = when;
    for (int depth = 1; end < size() && left_ > 0; ++end, --left_) {
      if (is_word(end, "case")) ++depth;
      if (is_word(end, "end") && --depth == 0) break;
    }
    hide(when, end);
  }

  // Of a function; or a list of columns, which names those of a VALUES or SELECT in front of it or behind it.
  void arguments(std::size_t i) {
    static constexpr std::array<std::string_view, 15> others = {"in",    "and",  "or",     "not", "any",
                                                                "all",   "some", "values", "on",  "using",
                                                                "where", "key",  "unique", "as",  "options"};
    static constexpr std::array<std::string_view, 11> tables = {
        "table", "into", "on", "references", "exists", "index", "only", "copy", "view", "type", "of"};
    if (is_one(i, others)) return;
    std::size_t end = i + 2;
    bool secret = false, names = true;
    int depth = 0;
    for (; end < size() && left_ > 0 && !(closes(end) && depth == 0); ++end, --left_) {
      depth += opens(end) - closes(end);
      secret = secret || (depth == 0 && tokens_[end].secret);
      names = names && (is_name(end) || is(end, ","));
    }
    if (!secret) return;
    if (names) return columns(i, end);
    std::size_t first = i;
    while (first > 1 && is(first - 1, ".")) first -= 2;
    if (first > 0 && is_one(first - 1, tables)) return;
    if (is_word(i, "set_config")) hide(i + 4, right_of(i + 4));
    else hide(i + 2, end);
  }

  void columns(std::size_t i, std::size_t end) {
    const auto secret = secrets_of(i + 2);
    std::size_t query = end + 1;
    while (is_word(query, "as") || is_word(query, "not") || is_word(query, "materialized")) ++query;
    if (is_word(end + 1, "as") && is(query, "(")) return rows(query + 1, secret);
    std::size_t before = i > 0 && is_word(i - 1, "as") ? i - 1 : i;
    int depth = 0;
    if (before == 0 || !closes(before - 1)) return;
    do {
      --before;
      depth += closes(before) - opens(before);
    } while (before > 0 && depth > 0 && --left_ > 0);
    rows(before + 1, secret);
  }

  // Which of the names from `at` on are secrets', by their place in the list.
  std::vector<bool> secrets_of(std::size_t at) const {
    std::vector<bool> out(1);
    for (; at < size() && !is(at, ")"); ++at) {
      if (is(at, ",")) out.push_back(false);
      else if (tokens_[at].secret) out.back() = true;
    }
    return out;
  }

  // VALUES (…), (…), or the list of a SELECT.
  void rows(std::size_t at, const std::vector<bool>& secret) {
    if (is_word(at, "select")) return items(at + 1, secret), void();
    if (!is_word(at, "values")) return;
    for (++at; is(at, "("); at += is(at, ",")) {
      at = items(at + 1, secret);
      if (is(at, ")")) ++at;
    }
  }

  // Statements that set one: of ALTER ROLE and the like, too; words are values there.
  void setting(std::size_t i) {
    std::size_t first = i;
    while (first > 0 && left_ > 0 && !is(first - 1, ";")) --first, --left_;
    if (first != i && !is_word(first, "alter")) return;
    std::size_t at = i + 1;
    if (is_word(at, "local") || is_word(at, "session")) ++at;
    while (is_name(at) && is(at + 1, ".")) at += 2;
    if (at >= size() || !tokens_[at].secret || !(is(at + 1, "=") || is_word(at + 1, "to"))) return;
    for (std::size_t value = at + 2; value < size() && !is(value, ";"); ++value)
      if (is(value, ".")) return;  // of an UPDATE: SET token = excluded.token
    for (at += 2; at < size() && !is(at, ";"); ++at)
      if (!tokens_[at].key && tokens_[at].kind != Kind::punctuation && tokens_[at].kind != Kind::operators)
        tokens_[at].hidden = true;
  }

  void insert(std::size_t at) {
    while (is_name(at) && !is(at, "(") && (is(at + 1, ".") || is_name(at + 1))) ++at, at += is(at, ".");
    if (!is_name(at) || !is(at + 1, "(")) return;
    const auto secret = secrets_of(at + 2);
    if (std::find(secret.begin(), secret.end(), true) == secret.end()) return;
    while (at < size() && !is(at, ";") && !is_word(at, "values") && !is_word(at, "select")) ++at;
    rows(at, secret);
  }

  // Of a list from `at` on, those at the places of secrets are hidden; returns its end.
  std::size_t items(std::size_t at, const std::vector<bool>& secret) {
    int depth = 0;
    for (std::size_t column = 0; at < size(); ++at) {
      if (opens(at)) ++depth;
      else if (closes(at) && --depth < 0) break;
      else if (depth == 0 && (is(at, ";") || is_word(at, "from"))) break;
      else if (depth == 0 && is(at, ",")) ++column;
      else if (column < secret.size() && secret[column]) hide(at, at + 1);
    }
    return at;
  }

  std::string written() const {
    std::string out;
    std::size_t end = 0;
    for (const auto& token : tokens_) {
      if (!token.hidden || (token.kind == Kind::string && token.content == "***")) continue;
      out += text_.substr(end, token.begin - end);
      const std::string_view whole = text_.substr(token.begin, token.end - token.begin);
      const auto quote = token.kind == Kind::string && whole.front() != '$' ? whole.find('\'') : none;
      if (quote != none) out += whole.substr(0, quote);
      out += "'***";
      const bool cut = quote != none && static_cast<std::size_t>(token.content.data() + token.content.size() -
                                                                 whole.data()) == whole.size();
      if (!cut) out += '\'';
      end = token.end;
    }
    return out + std::string(text_.substr(end));
  }

  std::string_view text_;
  bool (*is_secret_)(std::string_view);
  std::vector<Token> tokens_;
  std::size_t left_ = 0;  // steps over operands
};

}  // namespace

std::string mask_constants(std::string_view text, bool (*is_secret)(std::string_view name)) {
  return Masker(text, is_secret).run();
}

}  // namespace pgadvise
