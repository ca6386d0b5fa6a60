// DO blocks. Not an interpreter of PL/pgSQL: what migration tools write is a plain sequence of statements,
// perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a catalog).
#include "sql/lexer.h"
#include "sql/replay_state.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

struct BlockStatement {
  std::string_view text;
  bool guarded = false;  // under an IF: may find its work done
};

struct Block {
  std::vector<BlockStatement> statements;
  std::string handlers;  // the text after EXCEPTION, lower case
  bool understood = true;
};

bool is_data_statement(const Lexeme& first) {
  for (const char* word :
       {"create", "alter", "drop", "comment", "grant", "revoke", "insert", "update", "delete", "select",
        "perform", "raise", "null", "truncate", "lock", "set", "refresh", "reindex", "analyze"})
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

Block read_block(std::string_view body) {
  Block block;
  Lexer lexer(body);
  if (!lexer.next_token().is_word("begin")) {
    block.understood = false;
    return block;
  }
  int guards = 0;
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
        if (second.is_word("if"))
          --guards;
        else if (second.is_word("loop") || second.is_word("case"))
          block.understood = false;
        else if (sub_blocks-- == 0)
          return block;
      } else if (first.is_word("if") || first.is_word("elsif")) {
        guards += first.is_word("if");
        const auto rest = after_then(text);
        if (rest)
          text = *rest;
        else
          block.understood = false;
        more = rest && !text.empty();
      } else if (first.is_word("else")) {
        text = trim(text.substr(first.offset + first.text.size()));
        more = !text.empty();
      } else if (is_data_statement(first)) {
        block.statements.push_back({text, guards > 0});
      } else {
        block.understood = false;
      }
    }
  }
  return block;
}

bool caught(const Block& block, const Problem& problem) {
  const auto handles = [&](const char* word) { return block.handlers.find(word) != std::string::npos; };
  if (handles("others")) return true;
  if (problem.kind == Problem::Kind::exists) return handles("duplicate_");
  if (problem.kind == Problem::Kind::missing) return handles("undefined_") || handles("invalid_schema");
  return false;
}

}  // namespace

Outcome Replayer::State::do_block(const PgQuery__DoStmt& stmt, Effect& effect) {
  std::string body;
  std::string language = "plpgsql";
  for (const Node* node : NodeList(stmt.n_args, stmt.args)) {
    const std::string_view name = node->def_elem->defname;
    if (name == "as") body = string_value(node->def_elem->arg);
    if (name == "language") language = lower(string_value(node->def_elem->arg));
  }
  effect = Effect::none;
  if (language != "plpgsql") return Problem{"a DO block in " + language + " is not interpreted"};
  const Block block = read_block(body);
  bool skipped = !block.understood;
  for (const BlockStatement& part : block.statements) {
    const auto tree = Tree::parse(part.text);
    if (!tree || tree->size() != 1) {
      // PERFORM, RAISE, NULL: PL/pgSQL's own words, no matter for a catalog.
      Lexer lexer(part.text);
      const Lexeme first = lexer.next_token();
      skipped |= !first.is_word("perform") && !first.is_word("raise") && !first.is_word("null");
      continue;
    }
    Effect inner = Effect::none;
    const Node& node = *tree->statement(0);
    if (node.node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) continue;
    const Outcome outcome = dispatch(node, inner);
    if (outcome && caught(block, *outcome)) break;
    if (outcome && !part.guarded) return outcome;
    if (inner == Effect::replayed) effect = Effect::replayed;
  }
  if (skipped) return Problem{"a DO block with more than plain statements is not interpreted"};
  return {};
}

}  // namespace pgadvise::sql
