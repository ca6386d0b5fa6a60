// Replays DO blocks: their statements, with what an exception handler or IF makes of a failing one.
#include "sql/ast.h"
#include "sql/do_block.h"
#include "sql/expression.h"
#include "sql/lexer.h"
#include "sql/read_statement.h"
#include "sql/replay_state.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

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
  // Places inside the body can be told when it stands in the script as it is, between dollar quotes.
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
