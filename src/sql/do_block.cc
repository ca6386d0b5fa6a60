#include "sql/do_block.h"

#include <optional>

#include "base/text.h"
#include "sql/lexer.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

bool is_data_statement(const Lexeme& first) {
  for (const char* word : {"create",   "alter",  "drop",   "comment", "grant",   "revoke", "insert",
                           "update",   "delete", "select", "perform", "raise",   "null",   "execute",
                           "truncate", "lock",   "set",    "refresh", "reindex", "analyze"})
    if (first.is_word(word)) return true;
  return false;
}

// The text after THEN of an IF, or nullopt.
std::optional<std::string_view> after_then(std::string_view text) {
  Lexer lexer(text);
  int depth = 0;
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    if (token.is_word("case")) ++depth;
    if (token.is_word("end")) --depth;
    if (depth == 0 && token.is_word("then")) return trim(text.substr(lexer.position()));
  }
  return std::nullopt;
}

}  // namespace

Block read_block(std::string_view body) {
  Block block;
  Lexer lexer(body);
  if (!lexer.next_token().is_word("begin")) {
    block.understood = false;
    return block;
  }
  int guards = 0;
  int loops = 0;
  int sub_blocks = 0;
  for (const SourceStatement& part : split(body.substr(lexer.position()))) {
    std::string_view text = part.text;
    for (bool more = true; more;) {
      more = false;
      Lexer inner(text);
      const Lexeme first = inner.next_token();
      const Lexeme second = inner.next_token();
      if (first.is_word("exception")) {
        block.handlers = lower(body.substr(lexer.position() + part.offset));
        if (sub_blocks == 0) return block;
      } else if (first.is_word("when") && !block.handlers.empty()) {
        // a handler of an inner block
      } else if (first.is_word("begin")) {
        ++sub_blocks;
        text = trim(text.substr(first.offset + first.text.size()));
        more = !text.empty();
      } else if (first.is_word("end")) {
        if (second.is_word("if")) --guards;
        else if (second.is_word("loop") || second.is_word("case"))
          loops -= second.is_word("loop"), block.understood = false;
        else if (sub_blocks-- == 0) return block;
      } else if (first.is_word("if") || first.is_word("elsif")) {
        guards += first.is_word("if");
        const auto rest = after_then(text);
        if (rest) text = *rest;
        else block.understood = false;
        more = rest && !text.empty();
      } else if (first.is_word("else")) {
        text = trim(text.substr(first.offset + first.text.size()));
        more = !text.empty();
      } else if (is_data_statement(first)) {
        block.statements.push_back({text, guards > 0, loops > 0});
      } else {
        loops += first.is_word("for") || first.is_word("foreach") || first.is_word("while") ||
                 first.is_word("loop");
        block.understood = false;
      }
    }
  }
  return block;
}

}  // namespace pgadvise::sql
