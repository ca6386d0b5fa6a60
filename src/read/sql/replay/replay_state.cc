#include "sql/replay/replay_state.h"

#include <algorithm>
#include <iterator>

#include "base/text/utf8.h"
#include "model/schema/migration_tool.h"
#include "sql/definitions/read_statement.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

constexpr std::size_t max_savepoints = 64;  // each is a copy of the catalog

bool rolls_back(const SourceStatement& statement) {
  return Lexer(statement.text).next_token().is_one_of({"rollback", "abort"});
}

}  // namespace

// A phrase of a later grammar, as words and marks in a row.
std::string newer_syntax(std::string_view statement) {
  struct Phrase {
    int since;
    std::vector<std::string_view> words;
    const char* shown;
  };
  static const std::vector<Phrase> phrases = {
      {160000, {"is", "json"}, "IS JSON"},
      {160000, {"is", "not", "json"}, "IS JSON"},
      {160000, {"json_array", "("}, "JSON_ARRAY"},
      {160000, {"json_arrayagg", "("}, "JSON_ARRAYAGG"},
      {160000, {"json_object", "("}, "JSON_OBJECT"},
      {160000, {"json_objectagg", "("}, "JSON_OBJECTAGG"},
      {170000, {"json_table", "("}, "JSON_TABLE"},
      {170000, {"json_query", "("}, "JSON_QUERY"},
      {170000, {"json_value", "("}, "JSON_VALUE"},
      {170000, {"json_exists", "("}, "JSON_EXISTS"},
      {170000, {"json_scalar", "("}, "JSON_SCALAR"},
      {170000, {"json_serialize", "("}, "JSON_SERIALIZE"},
      {170000, {"set", "expression"}, "SET EXPRESSION"},
      {170000, {"matched", "by", "source"}, "NOT MATCHED BY SOURCE"},
      {170000, {"matched", "by", "target"}, "NOT MATCHED BY TARGET"},
      {170000, {"on_error"}, "COPY … ON_ERROR"},
      {180000, {")", "virtual"}, "a VIRTUAL column"},
      {180000, {"without", "overlaps"}, "WITHOUT OVERLAPS"},
      {180000, {"period"}, "PERIOD"},
      {180000, {"not", "enforced"}, "NOT ENFORCED"},
      {180000, {"enforced"}, "ENFORCED"},
      {180000, {"returning", "with", "("}, "RETURNING WITH"},
  };
  std::vector<std::string> seen;
  bool merge = false;
  for (const Lexeme& token : Lexer(statement)) {
    seen.push_back(token.kind == Lexeme::Kind::word || token.kind == Lexeme::Kind::punctuation
                       ? lower(token.text)
                       : "\x01");
    merge |= seen.back() == "merge";
    if (PG_VERSION_NUM < 170000 && merge && seen.back() == "returning") return "MERGE … RETURNING";
    for (const Phrase& phrase : phrases)
      if (PG_VERSION_NUM < phrase.since && seen.size() >= phrase.words.size() &&
          std::equal(phrase.words.begin(), phrase.words.end(),
                     seen.end() - static_cast<long>(phrase.words.size())))
        return phrase.shown;
    if (seen.size() > 64) seen.erase(seen.begin(), seen.begin() + 32);
  }
  return {};
}

SourceLocation ReplayState::location_of(int location) const {
  return location_at(file, *lines,
                     statement_offset + (location > 0 ? static_cast<std::size_t>(location) : 0));
}

void ReplayState::report(const std::string& what, std::size_t offset) {
  diagnostics.push_back({Error::Kind::nonfatal, location_at(file, *lines, offset).str(), what, {}});
}

// Is it a statement on tables that exist: ALTER, DROP, CREATE [UNIQUE] INDEX?
static bool changes_tables(std::string_view statement) {
  Lexer lexer(statement);
  const Lexeme first = lexer.next_token();
  return first.is_one_of({"alter", "drop"}) ||
         (first.is_word("create") && lexer.next_token().is_one_of({"index", "unique"}));
}

static void collect_names(std::string_view text, bool strings, std::set<std::string>& out) {
  for (const Lexeme& token : Lexer(text)) {
    if (auto name = token.name(); !name.empty()) out.insert(std::move(name));
    if (token.kind != Lexeme::Kind::string || !strings) continue;
    const std::string_view inside =
        token.text.substr(1, token.text.size() - std::min<std::size_t>(2, token.text.size()));
    out.emplace(inside);
    collect_names(inside, false, out);
  }
}

std::set<std::string> names_in_text(std::string_view text) {
  std::set<std::string> out;
  collect_names(text, true, out);
  return out;
}

void ReplayState::make_uncertain(std::string_view text) {
  const auto names = names_in_text(text);
  for (const auto& [name, table] : schema.catalog.tables)
    if (names.count(name.name)) counts.uncertain[name] = location_of(-1).str();
}

void ReplayState::not_parsed(std::string_view text) {
  ++counts.not_understood;
  ++counts.not_parsed;
  counts.failed_names.merge(names_in_text(text));
  recorder_.lost_track();
}

void ReplayState::run(std::string_view text, const std::string& script_file) {
  file = script_file;
  script = text;
  lines = std::make_unique<LineIndex>(script);
  const auto statements = split(script);
  keep_savepoints_ = std::ranges::any_of(statements, rolls_back);
  schema.search_path = {"public"};
  in_transaction_ = false;
  // Temporary tables end with the session that ran the script before.
  std::erase_if(schema.catalog.tables, [](const auto& entry) { return entry.second.temporary; });
  if (migration) {
    using Transaction = Migration::Transaction;
    const Transaction how = migration->transaction;
    recorder_.begin(schema, together);
    transactions_ = 1;
    // The session goes on in the next migration; a transaction, only where all run in one.
    for (Timeout* timeout : {&lock_timeout_, &statement_timeout_}) {
      if (!together) timeout->session.reset();
      if (!together || how != Transaction::run) timeout->local.reset();
    }
    transaction_ = how == Transaction::file || how == Transaction::run ||
                   (how == Transaction::script && statements.size() > 1);
  }
  for (const SourceStatement& part : statements) {
    ++counts.statements;
    statement_offset = part.offset;
    if (migration) begin_step(part.text);
    const bool done = with_stack(tree_depth(part.text), [&] { statement(part.text, part.offset); });
    if (!done) {
      not_parsed(part.text);
      report(too_deep.what, part.offset);
    }
    if (migration && (!step_.actions.empty() || !step_.locks.empty()))
      migration->steps.push_back(std::move(step_));
  }
  savepoints_.clear();
  path_after_transaction_.reset();
  auto& functions = schema.catalog.user_functions;
  functions.clear();
  for (const auto& [name, unused] : schema.functions) functions.push_back(name);
}

// A migration tool's own, by a name that applications don't use.
static bool tools_table(const QualifiedName& name) {
  Table without_columns;
  without_columns.name = name;
  return owner_of_table(name, &without_columns) != nullptr;
}

void ReplayState::statement(std::string_view text, std::size_t offset) {
  const auto tree = Tree::parse(text);
  if (!tree) {
    not_parsed(text);
    if (changes_tables(text)) make_uncertain(text);
    const ParseFailure& failure = tree.error();
    const std::string newer = newer_syntax(text), placeholder = first_placeholder(text);
    const std::string needs_newer =
        " needs a newer parser than PostgreSQL " + std::to_string(PG_VERSION_NUM / 10000) + "'s";
    if (contains(failure.what, "subquery in FROM must have an alias"))
      report("a subquery in FROM without an alias" + needs_newer, offset);
    else if (!placeholder.empty())
      report("contains the placeholder " + placeholder + ", which pgadvise does not fill in", offset);
    else report(newer.empty() ? failure.what : newer + needs_newer, offset + failure.offset);
    return;
  }
  for (std::size_t i = 0; i < tree->size(); ++i) {
    Effect effect = Effect::none;
    const Statement read = read_statement(*tree->statement(i), schema);
    const Outcome outcome = perform(read, effect);
    if (migration && may_fill_columns(*tree->statement(i))) recorder_.lost_values();
    if (outcome && outcome->kind == Problem::Kind::missing &&
        (supabase_table(outcome->name) || tools_table(outcome->name))) {
      ++counts.without_effect;  // changes of what is no matter of these files
    } else if (outcome && tree->size() == 1 && defer(read, *outcome, text)) {
      continue;
    } else if (outcome) {
      if (std::holds_alternative<CallRoutine>(read)) make_uncertain(text);
      ++counts.not_understood;
      if (is_any<CallRoutine, DoBlock>(read)) ++counts.unbounded;
      else counts.failed_names.merge(names_in_text(text));
      counts.missing += outcome->kind == Problem::Kind::missing;
      counts.existing += outcome->kind == Problem::Kind::exists;
      report(outcome->what, offset);
    } else {
      ++(effect == Effect::replayed ? counts.replayed : counts.without_effect);
    }
  }
  if (tree->size() == 0) ++counts.without_effect;
}

void ReplayState::begin_step(std::string_view text) {
  constexpr std::size_t max_text = 400;
  step_ = {};
  step_.place = location_of(-1);
  step_.last_line = lines->at(statement_offset + (text.empty() ? 0 : text.size() - 1)).line;
  step_.text = text.substr(0, text.size() > max_text ? character_begin(text, max_text) : max_text);
  step_.transaction = transaction_;
  step_.lock_timeout_ms = lock_timeout_.current();
  step_.statement_timeout_ms = statement_timeout_.current();
  cut_names_ = cut_names(text);
}

Outcome ReplayState::perform(const Statement& statement, Effect& effect) {
  if (!migration) return change_schema(statement, effect);
  const auto actions = recorder_.actions(statement, schema);
  auto locks = recorder_.locks(statement, actions, schema);
  const bool swallows = std::ranges::any_of(
      actions, [](const SchemaAction& action) { return action.kind == SchemaAction::Kind::suppress_error; });
  Outcome outcome = change_schema(statement, effect);
  if (outcome && outcome->kind == Problem::Kind::exists && !swallows) return outcome;  // nothing happens
  const auto* change = std::get_if<DataChange>(&statement);
  const bool of_unknown = change && change->kind == DataChange::Kind::update && actions.empty();
  if (of_unknown || (outcome && std::holds_alternative<DoBlock>(statement))) recorder_.lost_values();
  record(actions);
  record(std::move(locks));
  recorder_.happened(actions, schema);
  return outcome;
}

void ReplayState::record(std::vector<SchemaAction> actions) {
  for (SchemaAction& action : actions) {
    using Kind = SchemaAction::Kind;
    if (in_loop_ && (action.kind == Kind::update || action.kind == Kind::remove)) continue;
    action.place = location_of(-1);
    action.truncated = action.kind == Kind::suppress_error && cut_names_.count(action.name);
    step_.actions.push_back(std::move(action));
  }
}

void ReplayState::record(std::vector<TableLock> locks) {
  if (step_.locks.empty()) step_.locks = std::move(locks);
  else std::move(locks.begin(), locks.end(), std::back_inserter(step_.locks));
}

Outcome ReplayState::change_schema(const Statement& statement, Effect& effect) {
  effect = Effect::replayed;
  if (const auto* alter = std::get_if<AlterTable>(&statement)) note_enum_defaults(*alter);
  return std::visit([&](const auto& definition) { return replay(definition, effect); }, statement);
}

Outcome ReplayState::replay(const SetSearchPath& set, Effect& effect) {
  effect = Effect::none;
  if (set.local && in_transaction_ && !path_after_transaction_) path_after_transaction_ = schema.search_path;
  schema.search_path = set.path;
  return {};
}

Outcome ReplayState::replay(const SetTimeout& set, Effect& effect) {
  effect = Effect::none;
  // Outside of a transaction SET LOCAL has no effect.
  if (set.local && transaction_ == 0) return {};
  Timeout& timeout = set.lock ? lock_timeout_ : statement_timeout_;
  timeout.local = set.local ? set.ms : std::nullopt;
  if (!set.local) timeout.session = set.ms;
  return {};
}

void ReplayState::undo_to(std::size_t savepoint) {
  schema = savepoints_[savepoint].second;
  savepoints_.resize(savepoint + 1);
}

void ReplayState::number_transaction(const TransactionControl& control) {
  using Kind = TransactionControl::Kind;
  if (control.kind == Kind::commit || control.kind == Kind::rollback) {
    lock_timeout_.local.reset();
    statement_timeout_.local.reset();
    // What follows in one string of statements is one transaction again.
    transaction_ =
        control.chain || migration->transaction == Migration::Transaction::script ? ++transactions_ : 0;
  }
  if (control.kind == Kind::begin && transaction_ == 0) transaction_ = ++transactions_;
}

Outcome ReplayState::replay(const TransactionControl& control, Effect& effect) {
  using Kind = TransactionControl::Kind;
  effect = Effect::none;
  if (migration) number_transaction(control);
  const auto named = [&] {
    for (std::size_t i = savepoints_.size(); i-- > 1;)
      if (savepoints_[i].first == control.savepoint) return i;
    return std::size_t{0};
  };
  const auto end_transaction = [&] {
    savepoints_.clear();
    in_transaction_ = false;
    if (path_after_transaction_) schema.search_path = std::move(*path_after_transaction_);
    path_after_transaction_.reset();
    if (control.chain) {
      in_transaction_ = true;
      if (keep_savepoints_) savepoints_.push_back({"", schema});
    }
  };
  switch (control.kind) {
    case Kind::begin:
      if (keep_savepoints_ && !in_transaction_) savepoints_.push_back({"", schema});
      in_transaction_ = true;
      break;
    case Kind::savepoint:
      if (keep_savepoints_ && in_transaction_ && savepoints_.size() < max_savepoints)
        savepoints_.push_back({control.savepoint, schema});
      break;
    case Kind::release:
      if (const auto at = named(); at > 0) savepoints_.resize(at);
      break;
    case Kind::rollback_to:
      if (const auto at = named(); at > 0) undo_to(at);
      break;
    case Kind::rollback:
      if (!savepoints_.empty()) undo_to(0);
      end_transaction();
      break;
    case Kind::commit: end_transaction(); break;
    case Kind::other: break;
  }
  return {};
}

}  // namespace pgadvise::sql
