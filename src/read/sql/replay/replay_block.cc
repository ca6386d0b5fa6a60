// Replays DO blocks. Statements that change no schema are passed over. What may change one and is not
// understood (EXECUTE of a computed string) makes the tables that the block names uncertain. So does a change
// that perhaps does not happen, as pgadvise does not evaluate the condition or the loop around it: only what
// later statements may need is replayed of those, and of branches that exclude each other one.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sql/definitions/catalog_condition.h"
#include "sql/definitions/do_block.h"
#include "sql/definitions/read_statement.h"
#include "sql/parse/ast.h"
#include "sql/parse/expression.h"
#include "sql/parse/lexer.h"
#include "sql/replay/replay_state.h"

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

bool is_message_level(const Lexeme& token) {
  return token.is_one_of({"notice", "warning", "info", "log", "debug"});
}

// WHEN `condition`, and nothing but messages: RAISE without a level, or with EXCEPTION, raises again.
bool passes_over(const std::string& handlers, std::string_view condition) {
  const auto at = handlers.find(condition);
  if (at == std::string::npos) return false;
  bool raised = false;
  for (const Lexeme& token : Lexer(std::string_view(handlers).substr(at))) {
    if (token.is_word("when")) break;
    if (raised && !is_message_level(token)) return false;
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

// Whether WHEN `condition` (or its SQLSTATE) is followed by nothing but NULL and messages: a handler that
// raises, or that changes something, such as deleting the duplicates, hides nothing.
bool hides(const std::string& handlers, std::string_view condition, std::string_view state) {
  bool in_condition = false, named = false, harmless = false, message = false, raised = false;
  for (const Lexeme& token : Lexer(handlers)) {
    if (token.is_word("when")) {
      if (named && harmless) return true;
      in_condition = harmless = true;
      named = message = raised = false;
    } else if (in_condition) {
      in_condition = !token.is_word("then");
      const bool constant = token.kind == Lexeme::Kind::string && contains(token.text, lower(state));
      named = named || token.is_one_of({condition, "integrity_constraint_violation"}) || constant;
    } else if (raised) {
      message = is_message_level(token);
      harmless = harmless && message;
      raised = false;
    } else if (token.is(';')) {
      message = false;
    } else if (!message) {
      raised = token.is_word("raise");
      harmless = harmless && (raised || token.is_one_of({"null", "end"}));
    }
  }
  return named && harmless;
}

// The condition of a violation by `action` that a block around `part` hides; "": none.
std::string_view hidden_violation(const Block& block, const BlockStatement& part,
                                  const SchemaAction& action) {
  const auto [condition, state] = violation_of(action);
  if (condition.empty()) return {};
  const bool hidden = std::ranges::any_of(
      part.blocks, [&](std::size_t one) { return hides(block.handlers[one], condition, state); });
  return hidden ? condition : std::string_view();
}

// The conditions of a block, each evaluated before the first statement that depends on it.
class Conditions {
 public:
  struct Held {
    bool no = false;                     // one does not hold
    std::vector<BlockCondition> unread;  // that cannot be evaluated
    bool more_unread = false;            // and further ones
  };
  Held of(const Block& block, const BlockStatement& part, const Catalog& catalog) {
    for (; ends_ < part.ends; ++ends_) add(block.ends[ends_], catalog, at_ends_);
    Held out = at_ends_;
    for (const auto& condition : part.conditions) add(condition, catalog, out);
    return out;
  }
  // A statement of the branch THEN was replayed as if it ran.
  void performed(const Held& held) {
    for (const auto& condition : held.unread)
      if (!condition.negated) performed_.insert(condition.text.data());
  }
  // The constants of those that cannot be evaluated.
  std::vector<const std::set<std::string>*> constants(const Held& held) {
    std::vector<const std::set<std::string>*> out;
    for (const auto& condition : held.unread) {
      const auto [at, fresh] = constants_.try_emplace(condition.text.data());
      if (fresh) at->second = constants_in(condition.text);
      out.push_back(&at->second);
    }
    return out;
  }
  bool other_branch_performed(const Held& held) const {
    return std::ranges::any_of(held.unread, [&](const BlockCondition& condition) {
      return condition.negated && performed_.count(condition.text.data());
    });
  }

 private:
  void add(const BlockCondition& condition, const Catalog& catalog, Held& out) {
    constexpr std::size_t max_unread = 64;
    const auto [at, fresh] = known_.try_emplace(condition.text.data());
    if (fresh) at->second = holds(condition.text, catalog);
    if (!at->second && out.unread.size() < max_unread) out.unread.push_back(condition);
    else if (!at->second) out.more_unread = true;
    else out.no |= *at->second == condition.negated;
  }

  std::map<const char*, std::optional<bool>> known_;
  std::map<const char*, std::set<std::string>> constants_;
  std::set<const char*> performed_;
  Held at_ends_;
  std::size_t ends_ = 0;
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
  const bool alone =
      lexer.next_token().kind == Lexeme::Kind::string && lexer.next_token().kind == Lexeme::Kind::end;
  return alone ? constant_text(argument) : "";
}

// ---- statements that perhaps do not run

using Names = std::set<std::string>;

template <class Other>
Names names_made(const Other&) {
  return {};
}
Names names_made(const CreateTable& create) { return {create.name.name}; }
Names names_made(const CreateFromQuery& create) { return {create.name.name}; }
Names names_made(const CreateIndex& create) { return {create.definition.index.name}; }
Names names_made(const CreateSequence& create) { return {create.name.name}; }
Names names_made(const CreateEnum& create) { return {create.name.name}; }
Names names_made(const AlterEnum& alter) { return {alter.value, alter.old_value}; }
Names names_made(const CreateType& create) { return {create.name.name}; }
Names names_made(const CreateFunction& create) { return {create.name.name}; }
Names names_made(const CreatePolicy& create) { return {create.policy.name}; }
Names names_made(const CreateSchema& create) { return {create.name}; }
Names names_made(const CreateExtension& create) { return {create.name}; }
Names names_made(const CreateTrigger& create) { return {create.name}; }
Names names_made(const Rename& rename) {
  Names out = {rename.name, rename.new_name, rename.type.name};
  if (rename.name.empty()) out.insert(rename.relation.name);
  return out;
}
Names names_made(const AlterTable& alter) {
  Names out;
  for (const TableChange& change : alter.changes) {
    out.insert(change.name);
    if (change.constraint) out.insert(change.constraint->constraint.name);
  }
  return out;
}

// What the statement adds or changes, as the guards against doing it twice name it.
Names object_names(const Statement& statement) {
  Names out = std::visit([](const auto& one) { return names_made(one); }, statement);
  out.erase("");
  return out;
}

// Whether later statements may need what it makes, and it takes nothing away.
bool creates(const Statement& statement) {
  if (const auto* alter = std::get_if<AlterTable>(&statement))
    return std::ranges::all_of(alter->changes, [](const TableChange& change) {
      return change.kind == TableChange::Kind::add_column;
    });
  return is_any<CreateTable, CreateFromQuery, CreateSequence, CreateEnum, CreateType, CreateFunction,
                CreateSchema, CreateExtension>(statement);
}

bool changes_schema(const Statement& statement) {
  return creates(statement) || !object_names(statement).empty() ||
         is_any<DropStatement, AlterSequence, AlterPolicy, AlterTable, CreateIndex>(statement);
}

bool takes_away(const Statement& statement) {
  if (const auto* alter = std::get_if<AlterTable>(&statement))
    return std::ranges::any_of(alter->changes, [](const TableChange& change) {
      return change.kind == TableChange::Kind::drop_column ||
             change.kind == TableChange::Kind::drop_constraint;
    });
  return std::holds_alternative<DropStatement>(statement);
}

// What the handlers of a block may do.
struct Handled {
  bool changes_schema = false;
  bool returns = false;
  bool depends = false;  // on the error, or on a condition
};

Handled read_handlers(const std::string& handlers) {
  Handled out;
  int handlers_read = 0;
  for (const Lexeme& token : Lexer(handlers)) {
    out.changes_schema |= token.is_one_of({"create", "alter", "drop", "execute"});
    out.returns |= token.is_word("return");
    handlers_read += token.is_word("when");
    out.depends |= handlers_read > 1 || token.is_word("if");
  }
  return out;
}

}  // namespace

Outcome ReplayState::replay(const DoBlock& statement, Effect& effect) {
  effect = Effect::none;
  if (statement.language != "plpgsql")
    return Problem{"a DO block in " + statement.language + " is not interpreted"};
  constexpr int max_nested = 8;
  if (block_depth_ >= max_nested) return Problem{"DO blocks are nested too deeply"};
  ++block_depth_;
  const std::size_t outer_offset = statement_offset;
  const bool outer_loop = in_loop_;
  const auto outer_doubt = doubt_;
  const Block block = read_block(statement.body);
  bool skipped = !block.understood;
  if (migration && !block.empty && std::ranges::any_of(block.handlers, pass_over_everything))
    record_suppressed_error(SchemaAction::Swallow::every_error, {});
  Outcome outcome = block_statements(block, statement.body, effect, skipped);
  in_loop_ = outer_loop;
  doubt_ = outer_doubt;
  statement_offset = outer_offset;
  --block_depth_;
  if (!suspects_.empty())
    for (const auto& [name, table] : schema.catalog.tables)
      if (const std::string* at = value_at(suspects_, name.name)) counts.uncertain[name] = *at;
  suspects_.clear();
  const int guessed_line = std::exchange(guessed_line_, 0);
  if (skipped) make_uncertain(statement.body);
  if (skipped || block.passes_over || guessed_line > 0) recorder_.lost_values();
  if (!outcome && skipped)
    return Problem{"a DO block runs dynamic SQL: pgadvise does not know their effects"};
  if (!outcome && guessed_line > 0)
    return Problem{"a DO block changes the schema in line " + std::to_string(guessed_line) +
                   " under a condition or in a loop that pgadvise does not evaluate"};
  return outcome;
}

Outcome ReplayState::block_statements(const Block& block, std::string_view body, Effect& effect,
                                      bool& skipped) {
  // Locations inside the body are known if the script contains the body unchanged, between dollar quotes.
  const std::size_t body_offset = script.find(body, statement_offset);
  const bool outer_loop = in_loop_;
  const bool outer_doubt = doubt_.has_value();
  bool rest_may_not_run = outer_doubt;
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
    if (left && std::ranges::find(part.blocks, *left) != part.blocks.end()) continue;
    if (body_offset != std::string_view::npos)
      statement_offset = body_offset + static_cast<std::size_t>(part.text.data() - body.data());
    const auto held = conditions.of(block, part, schema.catalog);
    if (held.no) continue;
    in_loop_ = outer_loop || part.looped;
    difference_.reset();
    doubt_.reset();
    const bool other = rest_may_not_run || part.may_not_run || held.more_unread;
    if (other || !held.unread.empty())
      doubt_ = Doubt{.unread = conditions.constants(held),
                     .other = other,
                     .other_branch = conditions.other_branch_performed(held)};
    Effect of_part = Effect::none;
    const std::size_t actions_before = step_.actions.size();
    Outcome outcome = block_statement(part.text, of_part, skipped);
    if (migration && !outcome) record_hidden_violation(block, part, actions_before);
    if (of_part == Effect::replayed) effect = of_part;
    if (doubt_ && doubt_->performed) conditions.performed(held);
    if (doubt_ && doubt_->changes) suspect_changes(part.text, doubt_->guessed);
    if (!outcome) continue;
    const auto catching = catching_block(block, part, *outcome);
    const bool may_fail = part.guarded || doubt_;
    if (!may_fail && !catching) return outcome;
    if (migration && difference_) record_suppressed_error(SchemaAction::Swallow::other_object, *difference_);
    if (may_fail) continue;
    left = catching;
    if (const SchemaState* undone = value_at(before, *catching)) schema = *undone;
    const Handled handled = read_handlers(block.handlers[*catching]);
    if (handled.changes_schema) suspect_changes(block.handlers[*catching], true);
    if (handled.returns && !handled.depends) break;
    rest_may_not_run |= handled.returns;
  }
  return {};
}

void ReplayState::suspect_changes(std::string_view text, bool guessed) {
  const SourceLocation at = location_of(-1);
  for (auto& name : names_in_text(text)) suspects_[name] = at.str();
  if (guessed && guessed_line_ == 0) guessed_line_ = at.line;
}

Outcome ReplayState::perform_perhaps(const Statement& statement, Effect& effect) {
  if (!changes_schema(statement)) return perform(statement, effect);
  const Names names = object_names(statement);
  const bool guard = !doubt_->other && std::ranges::all_of(doubt_->unread, [&](const Names* constants) {
    return std::ranges::any_of(names, [&](const std::string& name) { return constants->count(name) > 0; });
  });
  const auto actions = recorder_.actions(statement, schema);
  for (const SchemaAction& action : actions)
    if (schema.catalog.table(action.table)) counts.uncertain[action.table] = location_of(-1).str();
  doubt_->changes = true;
  doubt_->guessed |= !guard;
  const bool as_if = creates(statement) || (guard && !takes_away(statement));
  if (as_if && !doubt_->other_branch) {
    Outcome outcome = perform(statement, effect);
    doubt_->performed |= !outcome;
    return outcome;
  }
  effect = Effect::none;
  if (migration) record(actions);
  return {};
}

void ReplayState::record_hidden_violation(const Block& block, const BlockStatement& part, std::size_t first) {
  for (std::size_t at = first, end = step_.actions.size(); at < end; ++at) {
    const SchemaAction& action = step_.actions[at];
    const std::string_view condition = hidden_violation(block, part, action);
    if (condition.empty()) continue;
    const std::string& name =
        action.name.empty() && !action.columns.empty() ? action.columns[0] : action.name;
    record_suppressed_error(SchemaAction::Swallow::violation,
                            {.name = name, .how = std::string(condition), .table = action.table});
    return;
  }
}

void ReplayState::record_suppressed_error(SchemaAction::Swallow how, const Difference& what) {
  SchemaAction& action = step_.actions.emplace_back();
  action.kind = SchemaAction::Kind::suppress_error;
  action.place = location_of(-1);
  action.suppress_error = how;
  action.table = what.table;
  action.name = what.name;
  action.detail = what.how;
  action.truncated = cut_names_.count(what.name) > 0;
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
    if (!tree) recorder_.lost_values();
    skipped |= !tree && first.is_one_of({"create", "alter", "drop", "execute"});
    for (std::size_t i = 0; tree && i < tree->size() && !outcome; ++i) {
      const Statement statement = read_statement(*tree->statement(i), schema);
      if (std::holds_alternative<TransactionControl>(statement)) continue;
      const auto* query = std::get_if<CreateFromQuery>(&statement);
      if (query && query->select_into) continue;  // into a variable
      Effect inner = Effect::none;
      outcome = doubt_ ? perform_perhaps(statement, inner) : perform(statement, inner);
      if (migration && may_fill_columns(*tree->statement(i))) recorder_.lost_values();
      if (migration && outcome && outcome->kind == Problem::Kind::exists)
        difference_ = difference(statement, schema);
      if (!outcome && inner == Effect::replayed) effect = Effect::replayed;
    }
  });
  return done ? outcome : Outcome(Problem{too_deep.what});
}

}  // namespace pgadvise::sql
