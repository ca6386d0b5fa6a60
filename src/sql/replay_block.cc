// DO blocks. Not an interpreter of PL/pgSQL: what migration tools write is a plain sequence of statements,
// perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a catalog).
#include "sql/ast.h"
#include "sql/expression.h"
#include "sql/lexer.h"
#include "sql/read_statement.h"
#include "sql/replay_state.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

struct BlockStatement {
  std::string_view text;
  bool guarded = false;  // under an IF: may find its work done
  bool looped = false;
};

struct Block {
  std::vector<BlockStatement> statements;
  std::string handlers;  // the text after EXCEPTION, lower case
  bool understood = true;
};

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

bool caught(const Block& block, const Problem& problem) {
  const auto handles = [&](const char* word) { return block.handlers.find(word) != std::string::npos; };
  if (handles("others")) return true;
  if (problem.kind == Problem::Kind::exists) return handles("duplicate_");
  if (problem.kind == Problem::Kind::missing) return handles("undefined_") || handles("invalid_schema");
  return false;
}

// WHEN OTHERS, and nothing but messages: RAISE without a level, or with EXCEPTION, raises again.
bool passes_over_everything(const Block& block) {
  const auto others = block.handlers.find("others");
  if (others == std::string::npos || block.statements.empty()) return false;
  Lexer lexer(std::string_view(block.handlers).substr(others));
  bool raised = false;
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    if (raised) {
      const bool message = token.is_word("notice") || token.is_word("warning") || token.is_word("info") ||
                           token.is_word("log") || token.is_word("debug");
      if (!message) return false;
    }
    raised = token.is_word("raise");
  }
  return true;
}

// The value of an EXECUTE's argument when it is one string constant, or "".
std::string constant_argument(std::string_view argument) {
  Lexer lexer(argument);
  if (lexer.next_token().kind != Lexeme::Kind::string || lexer.next_token().kind != Lexeme::Kind::end)
    return {};
  return constant_text(argument);
}

}  // namespace

Outcome ReplayState::replay(const DoBlock& statement, Effect& effect) {
  const std::string& body = statement.body;
  effect = Effect::none;
  if (statement.language != "plpgsql")
    return Problem{"a DO block in " + statement.language + " is not interpreted"};
  constexpr int max_nested = 8;
  if (block_depth_ >= max_nested) return Problem{"DO blocks are nested too deeply"};
  ++block_depth_;
  // Locations inside the body are known if the script contains the body unchanged, between dollar quotes.
  const std::size_t outer_offset = statement_offset;
  const std::size_t body_offset = script.find(body, outer_offset);
  const Block block = read_block(body);
  bool skipped = !block.understood;
  Outcome outcome;
  const bool outer_loop = in_loop_;
  if (migration && passes_over_everything(block)) swallowed(SchemaAction::Swallow::every_error, {});
  for (const BlockStatement& part : block.statements) {
    if (body_offset != std::string_view::npos)
      statement_offset = body_offset + static_cast<std::size_t>(part.text.data() - body.data());
    in_loop_ = outer_loop || part.looped;
    difference_.reset();
    outcome = block_statement(part.text, effect, skipped);
    in_loop_ = outer_loop;
    if (outcome && (part.guarded || caught(block, *outcome))) {
      outcome.reset();
      if (migration && difference_) swallowed(SchemaAction::Swallow::other_object, *difference_);
      if (!part.guarded) break;
    }
    if (outcome) break;
  }
  statement_offset = outer_offset;
  --block_depth_;
  if (!outcome && skipped) return Problem{"a DO block with more than plain statements is not interpreted"};
  return outcome;
}

void ReplayState::swallowed(SchemaAction::Swallow how, const StepRecorder::Difference& what) {
  SchemaAction action;
  action.kind = SchemaAction::Kind::suppress_error;
  action.place = place(-1);
  action.suppress_error = how;
  action.table = what.table;
  action.name = what.name;
  action.detail = what.how;
  action.truncated = cut_names_.count(what.name) > 0;
  step_.actions.push_back(std::move(action));
}

Outcome ReplayState::block_statement(std::string_view text, Effect& effect, bool& skipped) {
  Lexer lexer(text);
  const Lexeme first = lexer.next_token();
  // PL/pgSQL's own words, no matter for a catalog.
  if (first.is_word("perform") || first.is_word("raise") || first.is_word("null")) return {};
  std::string dynamic;
  if (first.is_word("execute")) {
    dynamic = constant_argument(text.substr(lexer.position()));
    skipped |= dynamic.empty();
    if (dynamic.empty()) return {};
    text = dynamic;
  }
  Outcome outcome;
  const bool done = with_stack(tree_depth(text), [&] {
    const auto tree = Tree::parse(text);
    skipped |= !tree;
    for (std::size_t i = 0; tree && i < tree->size() && !outcome; ++i) {
      const Statement statement = read_statement(*tree->statement(i), schema);
      if (std::holds_alternative<TransactionControl>(statement)) continue;
      Effect inner = Effect::none;
      outcome = perform(statement, inner);
      if (migration && outcome && outcome->kind == Problem::Kind::exists)
        difference_ = StepRecorder::difference(statement, schema);
      if (!outcome && inner == Effect::replayed) effect = Effect::replayed;
    }
  });
  return done ? outcome : Outcome(Problem{too_deep.what});
}

}  // namespace pgadvise::sql
