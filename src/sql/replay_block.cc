// Replays DO blocks. Statements that change no schema are passed over. What may change one and is not
// understood (EXECUTE of a computed string, a change behind a condition on data) makes the tables that the
// block names uncertain.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "sql/ast.h"
#include "sql/catalog_condition.h"
#include "sql/do_block.h"
#include "sql/expression.h"
#include "sql/lexer.h"
#include "sql/read_statement.h"
#include "sql/replay_state.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

constexpr int max_block_copies = 256;  // of the catalog, by all blocks of a replay

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

// WHEN `condition`, and nothing but messages: RAISE without a level, or with EXCEPTION, raises again.
bool passes_over(const std::string& handlers, std::string_view condition) {
  const auto at = handlers.find(condition);
  if (at == std::string::npos) return false;
  Lexer lexer(std::string_view(handlers).substr(at));
  bool raised = false;
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end && !token.is_word("when");
       token = lexer.next_token()) {
    if (raised) {
      const bool message = token.is_word("notice") || token.is_word("warning") || token.is_word("info") ||
                           token.is_word("log") || token.is_word("debug");
      if (!message) return false;
    }
    raised = token.is_word("raise");
  }
  return true;
}

bool pass_over_everything(const std::string& handlers) { return passes_over(handlers, "others"); }

// The condition that a change of an existing table raises if its rows do not fit, with its SQLSTATE; empty:
// none.
std::pair<std::string_view, std::string_view> violation_of(const SchemaAction& action) {
  using Kind = SchemaAction::Kind;
  if (action.on_new_table) return {};
  if (action.kind == Kind::set_not_null) return {"not_null_violation", "23502"};
  if (action.kind == Kind::create_index && action.index && action.index->unique)
    return {"unique_violation", "23505"};
  if (action.kind != Kind::add_constraint || !action.constraint || !action.constraint->validated) return {};
  switch (action.constraint->kind) {
    case Constraint::Kind::primary_key:
    case Constraint::Kind::unique: return {"unique_violation", "23505"};
    case Constraint::Kind::foreign_key: return {"foreign_key_violation", "23503"};
    case Constraint::Kind::check: return {"check_violation", "23514"};
    case Constraint::Kind::exclusion: return {"exclusion_violation", "23P01"};
  }
  return {};
}

// The condition of a violation by `action` that a block around `part` catches without an error; "": none.
std::string_view hidden_violation(const Block& block, const BlockStatement& part,
                                  const SchemaAction& action) {
  const auto [condition, state] = violation_of(action);
  if (condition.empty()) return {};
  for (const std::size_t one : part.blocks) {
    const std::string& handlers = block.handlers[one];
    if (passes_over(handlers, condition) || passes_over(handlers, lower(state))) return condition;
    if (passes_over(handlers, "integrity_constraint_violation")) return "integrity_constraint_violation";
  }
  return {};
}

// The conditions of a block, each evaluated before the first statement that depends on it.
class Conditions {
 public:
  // Whether those around the statement hold; nullopt: one is not known, and names no object of the statement.
  std::optional<bool> hold(const BlockStatement& part, const Catalog& catalog) {
    bool known = true;
    for (const auto& condition : part.conditions) {
      const auto [at, fresh] = known_.try_emplace(condition.text.data());
      if (fresh) at->second = holds(condition.text, catalog);
      if (at->second == std::optional(condition.negated)) return false;
      known &= at->second.has_value() || names_object_of(condition.text, part.text);
    }
    return known ? std::optional(true) : std::nullopt;
  }

 private:
  std::map<const char*, std::optional<bool>> known_;
};

// The blocks with a handler and more than one statement: an error undoes what they did before it.
std::set<std::size_t> undoing_blocks(const Block& block) {
  std::map<std::size_t, int> statements;
  for (const auto& part : block.statements)
    for (const std::size_t one : part.blocks)
      if (!block.handlers[one].empty()) ++statements[one];
  std::set<std::size_t> out;
  for (const auto& [one, count] : statements)
    if (count > 1) out.insert(one);
  return out;
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
  bool changed_on_data = false;
  Outcome outcome;
  const bool outer_loop = in_loop_;
  if (migration && !block.empty &&
      std::any_of(block.handlers.begin(), block.handlers.end(), pass_over_everything))
    swallowed(SchemaAction::Swallow::every_error, {});
  std::optional<std::size_t> left;  // the block that caught an error
  Conditions conditions;
  const std::set<std::size_t> undoing = undoing_blocks(block);
  std::map<std::size_t, SchemaState> before;  // of blocks that caught errors may undo
  for (const BlockStatement& part : block.statements) {
    for (const std::size_t one : part.blocks)
      if (undoing.count(one) && !before.count(one) && block_copies_ < max_block_copies) {
        ++block_copies_;
        before.emplace(one, schema);
      }
    if (left && std::find(part.blocks.begin(), part.blocks.end(), *left) != part.blocks.end()) continue;
    if (body_offset != std::string_view::npos)
      statement_offset = body_offset + static_cast<std::size_t>(part.text.data() - body.data());
    const auto held = conditions.hold(part, schema.catalog);
    if (held && !*held) continue;
    in_loop_ = outer_loop || part.looped;
    difference_.reset();
    Effect of_part = Effect::none;
    const std::size_t actions_before = step_.actions.size();
    outcome = block_statement(part.text, of_part, skipped);
    if (migration && !outcome) hide_violations(block, part, actions_before);
    if (of_part == Effect::replayed) effect = of_part;
    changed_on_data |= part.on_data && of_part == Effect::replayed;
    if (!held && of_part == Effect::replayed) make_uncertain(part.text);
    in_loop_ = outer_loop;
    if (!outcome) continue;
    const auto catching = catching_block(block, part, *outcome);
    if (!part.guarded && !catching) break;
    outcome.reset();
    if (migration && difference_) swallowed(SchemaAction::Swallow::other_object, *difference_);
    if (part.guarded) continue;
    left = catching;
    if (const auto undone = before.find(*catching); undone != before.end()) schema = undone->second;
  }
  statement_offset = outer_offset;
  --block_depth_;
  if (skipped || changed_on_data) make_uncertain(body);
  if (!outcome && skipped)
    return Problem{"a DO block runs computed statements: pgadvise does not know their effects"};
  return outcome;
}

void ReplayState::hide_violations(const Block& block, const BlockStatement& part, std::size_t first) {
  for (std::size_t at = first, end = step_.actions.size(); at < end; ++at) {
    const SchemaAction& action = step_.actions[at];
    const std::string_view condition = hidden_violation(block, part, action);
    if (condition.empty()) continue;
    const std::string& name =
        action.name.empty() && !action.columns.empty() ? action.columns[0] : action.name;
    swallowed(SchemaAction::Swallow::violation,
              {.name = name, .how = std::string(condition), .table = action.table});
    return;
  }
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
    skipped |= !tree && (first.is_word("create") || first.is_word("alter") || first.is_word("drop") ||
                         first.is_word("execute"));
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
