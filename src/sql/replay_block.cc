// DO blocks. Not an interpreter of PL/pgSQL: what migration tools write is a plain sequence of statements,
// perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a catalog). Statements
// that change no schema are passed over. What may change one and is not understood (EXECUTE of a computed
// string, a change behind a condition on data) makes the tables that the block names uncertain.
#include <algorithm>
#include <initializer_list>
#include <vector>

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
  bool guarded = false;  // under an IF or in a loop: may find its work done
  bool looped = false;
  bool on_data = false;             // a condition or loop around it depends on more than the catalog
  std::vector<std::size_t> blocks;  // around it, outermost first: places in Block::handlers
};

struct Block {
  std::vector<BlockStatement> statements;  // those that may change a schema
  bool empty = true;                       // it has no statements at all
  std::vector<std::string>
      handlers;            // of this block and of those inside: the text from EXCEPTION on, lower case
  bool understood = true;  // false: not PL/pgSQL as far as this file knows
};

bool is_one_of(const Lexeme& token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is_word(word); });
}

// May the statement change a schema? Any other is passed over: assignments, queries, messages, RETURN, EXIT.
bool may_change_schema(const Lexeme& first) {
  return is_one_of(first, {"create",  "alter",   "drop",    "comment",  "grant", "revoke", "insert",
                           "update",  "delete",  "execute", "truncate", "lock",  "set",    "refresh",
                           "reindex", "analyze", "import",  "merge",    "with",  "call",   "do"});
}

// The text after the word, outside of parentheses and CASE; nullopt: it is not there.
std::optional<std::string_view> after_word(std::string_view text, std::string_view word) {
  Lexer lexer(text);
  int depth = 0;
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    if (token.is_word("case")) ++depth;
    if (token.is_word("end")) --depth;
    if (depth == 0 && token.is_word(word)) return trim(text.substr(lexer.position()));
  }
  return std::nullopt;
}

// A condition or a loop that asks the catalog, such as IF NOT EXISTS (SELECT 1 FROM pg_constraint …).
bool asks_catalog(std::string_view text) {
  const std::string low = lower(text);
  return contains(low, "pg_") || contains(low, "information_schema") || contains(low, "to_reg") ||
         contains(low, "::regclass");
}

class BlockReader {
 public:
  explicit BlockReader(std::string_view body) : body_(body) {}

  Block read() {
    const std::size_t begin = begin_of_statements();
    if (begin == std::string_view::npos) {
      block_.understood = false;
      return std::move(block_);
    }
    open_block();
    for (const SourceStatement& part : split(body_.substr(begin))) {
      if (blocks_.empty()) break;
      if (in_handler()) handler(part.text);
      else statement(part.text);
    }
    return std::move(block_);
  }

 private:
  // After BEGIN; declarations lie before it.
  std::size_t begin_of_statements() const {
    Lexer lexer(body_);
    Lexeme token = lexer.next_token();
    const bool declares = token.is_word("declare");
    while (declares && token.kind != Lexeme::Kind::end && !token.is_word("begin")) token = lexer.next_token();
    return token.is_word("begin") ? lexer.position() : std::string_view::npos;
  }

  void open_block() {
    blocks_.push_back(block_.handlers.size());
    block_.handlers.emplace_back();
  }
  bool in_handler() const { return !block_.handlers[blocks_.back()].empty(); }

  // What a handler does is passed over: most raise an error again, or write a message.
  void handler(std::string_view text) {
    Lexer lexer(text);
    const Lexeme first = lexer.next_token();
    const bool ends = first.is_word("end") && !is_one_of(lexer.next_token(), {"if", "case", "loop"});
    block_.handlers[blocks_.back()] += lower(text) + ";";
    const auto inside = after_word(text, "then");
    Lexer of_inside(inside.value_or(text));
    if (of_inside.next_token().is_word("begin")) ++blocks_in_handler_;
    else if (ends && blocks_in_handler_ > 0) --blocks_in_handler_;
    else if (ends) blocks_.pop_back();
  }

  void statement(std::string_view text) {
    while (!text.empty()) {
      Lexer lexer(text);
      const Lexeme first = lexer.next_token();
      const Lexeme second = lexer.next_token();
      if (first.is_word("exception")) return handler(text);
      if (first.is_word("end")) return end_of(second);
      const auto rest = inside_of(text, first);
      if (!rest) {
        block_.empty = false;
        if (may_change_schema(first)) add(text);
        return;
      }
      text = *rest;
    }
  }

  void add(std::string_view text) {
    const auto any = [&](bool Around::* what) {
      return std::any_of(around_.begin(), around_.end(), [&](const Around& one) { return one.*what; });
    };
    block_.statements.push_back({text, !around_.empty(), any(&Around::loop), any(&Around::on_data), blocks_});
  }

  void end_of(const Lexeme& second) {
    if (!is_one_of(second, {"if", "case", "loop"})) blocks_.pop_back();
    else if (!around_.empty()) around_.pop_back();
  }

  // The first statement inside of one that contains others: BEGIN, IF … THEN, a loop; nullopt: a plain one.
  std::optional<std::string_view> inside_of(std::string_view text, const Lexeme& first) {
    const auto behind = [&] { return trim(text.substr(first.offset + first.text.size())); };
    if (first.is_word("begin")) {
      open_block();
      return behind();
    }
    if (first.is_word("else")) return behind();
    if (first.is_word("declare")) {
      const auto rest = after_word(text, "begin");
      if (rest) open_block();
      return rest.value_or("");
    }
    if (is_one_of(first, {"if", "elsif", "elseif", "case", "when"})) {
      if (is_one_of(first, {"if", "case"})) around_.push_back({});
      return condition(text, after_word(first.is_word("case") ? behind() : text, "then"));
    }
    if (is_one_of(first, {"for", "foreach", "while", "loop"})) {
      around_.push_back({.loop = true});
      return condition(text, after_word(text, "loop"));
    }
    return std::nullopt;
  }

  std::string_view condition(std::string_view text, const std::optional<std::string_view>& rest) {
    const std::size_t end = rest ? static_cast<std::size_t>(rest->data() - text.data()) : text.size();
    if (!around_.empty() && !asks_catalog(text.substr(0, end))) around_.back().on_data = true;
    return rest.value_or("");
  }

  std::string_view body_;
  Block block_;
  struct Around {
    bool loop = false;
    bool on_data = false;
  };
  std::vector<Around> around_;       // the conditions and loops around the next statement
  std::vector<std::size_t> blocks_;  // that are open, outermost first: places in Block::handlers
  int blocks_in_handler_ = 0;
};

bool catches(const std::string& handlers, const Problem& problem) {
  if (contains(handlers, "others")) return true;
  if (problem.kind == Problem::Kind::exists) return contains(handlers, "duplicate_");
  if (problem.kind == Problem::Kind::missing)
    return contains(handlers, "undefined_") || contains(handlers, "invalid_schema");
  return false;
}

// The innermost block around the statement that catches the problem.
std::optional<std::size_t> catching_block(const Block& block, const BlockStatement& part,
                                          const Problem& problem) {
  const auto found = std::find_if(part.blocks.rbegin(), part.blocks.rend(),
                                  [&](std::size_t one) { return catches(block.handlers[one], problem); });
  return found == part.blocks.rend() ? std::nullopt : std::optional(*found);
}

// WHEN OTHERS, and nothing but messages: RAISE without a level, or with EXCEPTION, raises again.
bool pass_over_everything(const std::string& handlers) {
  const auto others = handlers.find("others");
  if (others == std::string::npos) return false;
  Lexer lexer(std::string_view(handlers).substr(others));
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
  const Block block = BlockReader(body).read();
  bool skipped = !block.understood;
  bool changed_on_data = false;
  Outcome outcome;
  const bool outer_loop = in_loop_;
  if (migration && !block.empty &&
      std::any_of(block.handlers.begin(), block.handlers.end(), pass_over_everything))
    swallowed(SchemaAction::Swallow::every_error, {});
  std::optional<std::size_t> left;  // the block that caught an error
  for (const BlockStatement& part : block.statements) {
    if (left && std::find(part.blocks.begin(), part.blocks.end(), *left) != part.blocks.end()) continue;
    if (body_offset != std::string_view::npos)
      statement_offset = body_offset + static_cast<std::size_t>(part.text.data() - body.data());
    in_loop_ = outer_loop || part.looped;
    difference_.reset();
    Effect of_part = Effect::none;
    outcome = block_statement(part.text, of_part, skipped);
    if (of_part == Effect::replayed) effect = of_part;
    changed_on_data |= part.on_data && of_part == Effect::replayed;
    in_loop_ = outer_loop;
    if (!outcome) continue;
    const auto catching = catching_block(block, part, *outcome);
    if (!part.guarded && !catching) break;
    outcome.reset();
    if (migration && difference_) swallowed(SchemaAction::Swallow::other_object, *difference_);
    if (!part.guarded) left = catching;
  }
  statement_offset = outer_offset;
  --block_depth_;
  if (skipped || changed_on_data) make_uncertain(body);
  if (!outcome && skipped)
    return Problem{"a DO block runs computed statements: pgadvise does not know their effects"};
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
    skipped |= !tree && is_one_of(first, {"create", "alter", "drop", "execute"});
    for (std::size_t i = 0; tree && i < tree->size() && !outcome; ++i) {
      const Statement statement = read_statement(*tree->statement(i), schema);
      if (std::holds_alternative<TransactionControl>(statement)) continue;
      const auto* query = std::get_if<CreateFromQuery>(&statement);
      if (query && query->select_into) continue;  // into a variable
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
