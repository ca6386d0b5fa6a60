#include "base/text/mask_tokens.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {
namespace {

bool word_start(char c) { return is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool word_part(char c) { return word_start(c) || is_digit(c) || c == '$'; }
bool operator_part(char c) {
  return std::string_view("+-*/<>=~!@#%^&|`?:").find(c) != std::string_view::npos;
}

class Tokens {
 public:
  Tokens(std::string_view text, bool escapes) : text_(text), escapes_(escapes) {
    while (at_ < text_.size()) step();
  }
  std::vector<SqlToken> all;

 private:
  using Kind = SqlToken::Kind;
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void add(Kind kind, std::size_t end, std::size_t from, std::size_t to) {
    all.push_back(
        {.kind = kind, .begin = at_, .end = end, .content = text_.substr(from, std::max(from, to) - from)});
    at_ = end;
  }

  void step() {
    const char c = peek();
    if (std::string_view(" \t\r\n\f\v").find(c) != std::string_view::npos) ++at_;
    else if (text_.substr(at_, 2) == "--") at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    else if (text_.substr(at_, 2) == "/*") comment();
    else if (c == '\'' || c == '"') quoted(at_, escapes_ && c == '\'');
    else if ((c == 'e' || c == 'E') && peek(1) == '\'') quoted(at_ + 1, true);
    else if (std::string_view("bBxXnN").find(c) != std::string_view::npos && peek(1) == '\'')
      quoted(at_ + 1, escapes_);
    else if ((c == 'u' || c == 'U') && peek(1) == '&' && (peek(2) == '\'' || peek(2) == '"'))
      quoted(at_ + 2, false);
    else if (c == '$' && !is_digit(peek(1)) && dollar()) return;
    else if (word_start(c)) run(Kind::word, word_part);
    else if (is_digit(c)) run(Kind::number, [](char part) { return word_part(part) || part == '.'; });
    else if (c == '$') ++at_, run(Kind::punctuation, is_digit);
    else if (operator_part(c)) operators();
    else add(Kind::punctuation, at_ + 1, at_, at_ + 1);
  }

  // Comments nest.
  void comment() {
    std::size_t depth = 0;
    do {
      const auto mark = text_.substr(at_, 2);
      if (mark == "/*") ++depth, at_ += 2;
      else if (mark == "*/") --depth, at_ += 2;
      else ++at_;
    } while (depth > 0 && at_ < text_.size());
  }

  template <class Part>
  void run(Kind kind, Part part) {
    std::size_t end = at_;
    while (end < text_.size() && part(text_[end])) ++end;
    add(kind, end, at_, end);
  }

  void operators() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && operator_part(text_[end]) && text_.substr(end, 2) != "--" &&
           text_.substr(end, 2) != "/*")
      ++end;
    add(Kind::operators, end, at_, end);
  }

  void quoted(std::size_t open, bool escapes) {
    const char quote = text_[open];
    std::size_t end = open + 1;
    while (end < text_.size() &&
           (text_[end] != quote || text_.substr(end + 1, 1) == std::string_view(&quote, 1)))
      end += text_[end] == quote || (escapes && text_[end] == '\\') ? 2 : 1;
    end = std::min(end, text_.size());
    add(quote == '"' ? Kind::quoted_name : Kind::string, std::min(end + 1, text_.size()), open + 1, end);
  }

  bool dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && word_part(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const auto close = std::min(text_.find(tag, end + 1), text_.size());
    add(Kind::string, std::min(close + tag.size(), text_.size()), end + 1, close);
    return true;
  }

  std::string_view text_;
  bool escapes_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<SqlToken> sql_tokens(std::string_view text, bool escapes) {
  return std::move(Tokens(text, escapes).all);
}

}  // namespace pgadvise
