#include "migrations/folders/executed.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/text/text.h"
#include "model/schema/migration_tool.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

using sql::Lexeme;
using sql::Lexer;

// The first tokens, without comments.
std::vector<Lexeme> beginning(std::string_view statement, std::size_t count = 16) {
  std::vector<Lexeme> out;
  for (const Lexeme& one : Lexer(statement)) {
    if (out.size() == count) break;
    out.push_back(one);
  }
  return out;
}

std::string word_at(const std::vector<Lexeme>& tokens, std::size_t at) {
  return at < tokens.size() && tokens[at].kind == Lexeme::Kind::word ? lower(tokens[at].text) : std::string();
}

struct Target {
  std::string schema, name;
};

// The object that the statement is about: the first name behind one of these words.
Target target_of(const std::vector<Lexeme>& tokens) {
  auto at = std::ranges::find_if(tokens, [](const Lexeme& token) {
    return token.is_one_of({"into", "update", "from", "table", "on", "sequence", "lock", "view", "truncate"});
  });
  if (at == tokens.end()) return {};
  at = std::find_if(at + 1, tokens.end(), [](const Lexeme& token) {
    return !token.is_one_of({"if", "not", "exists", "only", "table", "concurrently"});
  });
  if (at == tokens.end() || at->name().empty()) return {};
  if (tokens.end() - at > 2 && at[1].is('.')) return {at->name(), at[2].name()};
  return {"", at->name()};
}

// Constants of the row that the statement writes, in order.
std::vector<std::string> constants(const std::string& statement, const std::string& parameters) {
  constexpr std::size_t most = 64;
  std::vector<std::string> out;
  for (const auto* text : {&statement, &parameters}) {
    for (const Lexeme& one : Lexer(*text)) {
      if (out.size() == most) break;
      if (one.kind == Lexeme::Kind::number) out.emplace_back(one.text);
      if (one.kind != Lexeme::Kind::string) continue;
      const auto open = one.text.find('\'');
      if (open == std::string_view::npos || one.text.size() < open + 2) continue;
      out.push_back(
          replace_all(std::string(one.text.substr(open + 1, one.text.size() - open - 2)), "''", "'"));
    }
  }
  return out;
}

// What a SET of a session changes that a migration may depend on; "": nothing, or it is another statement.
std::string setting_of(const std::vector<Lexeme>& tokens) {
  constexpr auto kept = word_list("lock_timeout", "statement_timeout", "transaction_timeout", "search_path",
                                  "role", "check_function_bodies", "default_tablespace",
                                  "default_table_access_method", "session_replication_role");
  if (word_at(tokens, 0) != "set" || word_at(tokens, 1) == "local") return {};
  const std::string name = word_at(tokens, word_at(tokens, 1) == "session" ? 2 : 1);
  return is_one_of(name, kept) ? name : std::string();
}

enum class Kind { begin, commit, rollback, savepoint, rollback_to, unread, other };

// COMMIT AND CHAIN, ROLLBACK AND CHAIN: the next transaction begins at once.
bool chains(const std::vector<Lexeme>& tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i)
    if (word_at(tokens, i) == "chain") return word_at(tokens, i - 1) == "and";
  return false;
}

Kind kind_of(const std::vector<Lexeme>& tokens, const std::string& text) {
  constexpr auto unread =
      word_list("show", "fetch", "close", "declare", "move", "discard", "deallocate", "listen", "unlisten",
                "notify", "explain", "values", "checkpoint", "release");
  const std::string first = word_at(tokens, 0);
  if (first == "begin" || (first == "start" && word_at(tokens, 1) == "transaction")) return Kind::begin;
  if (first == "commit" || first == "end") return Kind::commit;
  if (first == "savepoint") return Kind::savepoint;
  if (first == "rollback" || first == "abort")
    return std::ranges::any_of(tokens, [](const Lexeme& token) { return token.is_word("to"); })
               ? Kind::rollback_to
               : Kind::rollback;
  if (is_one_of(first, unread)) return Kind::unread;
  if (first == "select" || first == "with" || first == "table" || first.empty()) {
    const auto shape = sql::shape(text);
    return shape && (shape->into || shape->modifies) ? Kind::other : Kind::unread;
  }
  if (first == "set" && setting_of(tokens).empty() && word_at(tokens, 1) != "constraints")
    return word_at(tokens, 1) == "local" ? Kind::other : Kind::unread;
  // The rows of COPY are not in the log: what follows would be taken for them.
  if (first == "copy") return Kind::unread;
  return Kind::other;
}

struct Unit {
  std::string session, text;
  int transaction = 0;
  std::string setting = {};
  bool record = false;
  std::vector<std::string> names = {};
};

// Follows each session's transactions.
class Follower {
 public:
  explicit Follower(const OwnTables& own) : own_(own) {}

  void take(const ExecutedStatement& executed) {
    const auto parts = sql::split(executed.text);
    State& state = states_[executed.session];
    const bool implicit = parts.size() > 1 && state.transaction == 0;
    if (implicit) state.transaction = ++last_;  // one string without BEGIN is one transaction
    const int of_string = implicit ? state.transaction : 0;
    for (const auto& part : parts) one(executed, std::string(part.text), state);
    if (executed.failed && of_string) undo(of_string, 0);
    if (implicit && state.transaction == of_string) state = {};
  }

  std::vector<Unit> finish() {
    for (const auto& [session, state] : states_)
      if (state.transaction) undo(state.transaction, 0);  // never committed
    std::erase_if(units_, [](const Unit& unit) { return unit.text.empty(); });
    return std::move(units_);
  }

 private:
  struct State {
    int transaction = 0;
    bool failed = false;
    std::vector<std::pair<std::string, std::size_t>> savepoints;  // and where in units_ each begins
  };

  void undo(int transaction, std::size_t from) {
    for (std::size_t i = from; i < units_.size(); ++i)
      if (units_[i].transaction == transaction) units_[i].text.clear();
  }

  void end(State& state, const std::vector<Lexeme>& tokens) {
    state = {};
    if (chains(tokens)) state.transaction = ++last_;
  }

  void one(const ExecutedStatement& executed, const std::string& text, State& state) {
    const auto tokens = beginning(text);
    switch (kind_of(tokens, text)) {
      case Kind::begin:
        if (!state.transaction) state.transaction = ++last_;
        return;
      case Kind::commit:
        if (state.failed) undo(state.transaction, 0);
        end(state, tokens);
        return;
      case Kind::rollback:
        if (state.transaction) undo(state.transaction, 0);
        end(state, tokens);
        return;
      case Kind::savepoint:
        if (tokens.size() > 1) state.savepoints.emplace_back(tokens[1].name(), units_.size());
        return;
      case Kind::rollback_to: {
        const std::string name = tokens.back().name();
        const auto found = std::find_if(state.savepoints.rbegin(), state.savepoints.rend(),
                                        [&](const auto& one) { return one.first == name; });
        if (found != state.savepoints.rend()) undo(state.transaction, found->second);
        state.failed = false;
        return;
      }
      case Kind::unread: break;
      case Kind::other:
        if (!executed.failed) keep(executed, text, tokens, state);
    }
    state.failed |= executed.failed && state.transaction != 0;
  }

  void keep(const ExecutedStatement& executed, const std::string& text, const std::vector<Lexeme>& tokens,
            const State& state) {
    const Target target = target_of(tokens);
    const std::string first = word_at(tokens, 0);
    Unit unit{.session = executed.session, .text = text, .transaction = state.transaction};
    if (first == "create" && word_at(tokens, 1) == "schema" && !tokens.empty() &&
        own_.schemas.count(tokens.back().name()))
      return;
    if (own_.names.count(target.name)) {
      unit.record =
          (first == "insert" || (first == "update" && own_.one_row)) && !lower(target.name).ends_with("lock");
      if (!unit.record) return;
      unit.names = constants(text, executed.parameters);
    }
    if (state.transaction == 0) unit.setting = setting_of(tokens);
    units_.push_back(std::move(unit));
  }

  const OwnTables& own_;
  std::map<std::string, State> states_;
  std::vector<Unit> units_;
  int last_ = 0;
};

// Some tools add the row before the migration's statements.
bool records_come_first(const std::vector<Unit>& units) {
  const auto record = [](const Unit& unit) { return unit.record; };
  const auto work = [](const Unit& unit) { return !unit.record && unit.setting.empty(); };
  const auto first_record = std::ranges::find_if(units, record);
  const auto first_work = std::ranges::find_if(units, work);
  const auto last_record = std::find_if(units.rbegin(), units.rend(), record);
  const auto last_work = std::find_if(units.rbegin(), units.rend(), work);
  return first_record < first_work && last_work < last_record && last_work != units.rend();
}

}  // namespace

std::vector<ExecutedMigration> group_executed(const std::vector<ExecutedStatement>& statements,
                                              const OwnTables& own) {
  Follower follower(own);
  for (const auto& statement : statements) follower.take(statement);
  const auto units = follower.finish();
  const bool first = records_come_first(units);
  std::vector<ExecutedMigration> out;
  ExecutedMigration current;
  std::map<std::string, std::map<std::string, std::string>> settings;  // by session and name
  std::set<std::string> set_for_current;                               // sessions
  const auto end = [&] {
    if (!current.parts.empty() || !current.names.empty()) out.push_back(std::move(current));
    current = {};
    set_for_current.clear();
  };
  for (const auto& unit : units) {
    if (unit.record) {
      const bool again = first && unit.names == current.names;
      if (first && !again) end();
      current.names = unit.names;
      if (!first) end();
      continue;
    }
    if (!unit.setting.empty()) {
      settings[unit.session][unit.setting] = unit.text;
      if (set_for_current.count(unit.session)) current.parts.push_back({unit.text, 0});
      continue;
    }
    if (set_for_current.insert(unit.session).second)
      for (const auto& [name, text] : settings[unit.session]) current.parts.push_back({text, 0});
    current.parts.push_back({unit.text, unit.transaction});
  }
  end();
  // Before the first row: what the tool or a script does beside migrations. Without a name of its own.
  return out;
}

OwnTables own_tables(const Catalog& after, std::string& tool) {
  OwnTables out;
  std::set<std::string> schemas;
  const auto add = [&](const QualifiedName& name, const ToolFacts* facts) {
    out.names.insert(name.name);
    if (name.schema != "public") schemas.insert(name.schema);
    if (!facts) return;
    if (tool.empty()) tool = facts->id;
    out.one_row |= facts->newest_row_only;
  };
  for (const auto& rows : after.tracking) add({rows.schema, rows.name}, find_tool_facts(rows.tool));
  for (const auto& [name, table] : after.tables)
    if (const auto* facts = owner_of_table(name, &table)) add(name, facts);
  for (const auto& [name, table] : after.tables)
    if (!out.names.count(name.name)) schemas.erase(name.schema);
  out.schemas = std::move(schemas);
  return out;
}

}  // namespace pgadvise::migrations
