// A lexer with PostgreSQL's rules, as needed to split scripts and mask constants. Also works on text that
// does not parse.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

struct Lexeme {
  enum class Kind {
    word,
    quoted_name,
    string,
    number,
    parameter,
    operators,
    punctuation,
    backslash,
    comment,
    end
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::size_t offset = 0;

  bool is(char c) const { return kind == Kind::punctuation && text[0] == c; }
  bool is_word(std::string_view lower_case) const;                           // a word, in any case
  bool is_one_of(std::initializer_list<std::string_view> lower_case) const;  // one of these words
  // The name that the server reads: a word folded to lower case, "quoted" without its quotes; "" of anything
  // else, of U&"…" too.
  std::string name() const;
  // The text between dollar quotes; "" of any other lexeme, and of quotes that are never closed.
  std::string_view dollar_quoted() const;
  bool never_closed() const;  // a block comment that the text ends within
};

// Starts at `at`. Takes linear time; an unterminated quote or comment is one lexeme up to the end.
class Lexer {
 public:
  explicit Lexer(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {}
  Lexeme next();        // comments included
  Lexeme next_token();  // without comments
  std::size_t position() const { return at_; }
  void skip_line();  // to after the next line end

  // The tokens from here on: for (const Lexeme& token : Lexer(text)). The loop may take further ones itself.
  class Tokens {
   public:
    explicit Tokens(Lexer& lexer) : lexer_(lexer), token_(lexer.next_token()) {}
    const Lexeme& operator*() const { return token_; }
    void operator++() { token_ = lexer_.next_token(); }
    bool operator!=(std::default_sentinel_t) const { return token_.kind != Lexeme::Kind::end; }

   private:
    Lexer& lexer_;
    Lexeme token_;
  };
  Tokens begin() { return Tokens(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::size_t line_comment_end() const;
  std::size_t block_comment_end() const;
  std::size_t quoted_end(std::size_t open, char quote, bool escapes) const;
  std::size_t dollar_quoted_end() const;  // npos: no dollar quote here
  std::size_t word_end(std::size_t from) const;
  std::size_t operators_end() const;
  Lexeme take(Lexeme::Kind kind, std::size_t end);

  std::string_view text_;
  std::size_t at_;
};

// The tokens of a text, which must outlive them, without comments. A Lexer takes less memory for a text whose
// length nothing limits.
std::vector<Lexeme> tokens_of(std::string_view text);

// An upper bound, up to a small constant, of the depth of the statement's parse tree: the nesting of
// parentheses, brackets and CASE, and the length of chains of operators, joins and set operations. A million
// for a statement that is too long to parse, as a tree takes a hundred times the memory of its text.
int tree_depth(std::string_view statement);

}  // namespace pgadvise::sql
