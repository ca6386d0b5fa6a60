#include "sql/replay/same_statements.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/text/text.h"
#include "sql/definitions/catalog_condition.h"
#include "sql/definitions/do_block.h"
#include "sql/definitions/read_statement.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {
namespace {

std::vector<std::string> canonical_tokens(std::string_view text, int depth);

// `code`: dollar quotes hold PL/pgSQL or SQL, in which comments and blanks mean nothing.
std::string token_text(const Lexeme& token, bool code, int depth) {
  if (token.kind == Lexeme::Kind::word) return lower(token.text);
  constexpr int max_depth = 8;
  if (code && depth < max_depth && token.kind == Lexeme::Kind::string && token.text[0] == '$')
    return "$$" + join(canonical_tokens(token.dollar_quoted(), depth + 1), " ") + "$$";
  if (token.kind == Lexeme::Kind::quoted_name && !token.name().empty() && lower(token.name()) == token.name())
    return token.name();
  return std::string(token.text);
}

// `depth`: of dollar quotes around the text; 0: a statement, else code, in which IF EXISTS is a condition.
std::vector<std::string> canonical_tokens(std::string_view text, int depth) {
  std::vector<std::string> out;
  bool code = false;
  for (const Lexeme& token : Lexer(text)) {
    code = code || token.is_one_of({"do", "function", "procedure"});
    out.push_back(token_text(token, code, depth));
    if (depth > 0) continue;
    const auto ends = [&](std::initializer_list<std::string_view> words) {
      return out.size() >= words.size() &&
             std::equal(words.begin(), words.end(), out.end() - static_cast<std::ptrdiff_t>(words.size()));
    };
    if (ends({"if", "not", "exists"})) out.resize(out.size() - 3);
    else if (ends({"if", "exists"}) || ends({"public", "."}) || ends({"or", "replace"}))
      out.resize(out.size() - 2);
    else if (ends({"index", "concurrently"}) || ends({"view", "concurrently"})) out.pop_back();
  }
  return out;
}

// A setting that decides how long or how a migration runs, and not what it does.
bool sets_how_it_runs(const std::string& canonical) {
  static constexpr auto settings =
      word_list("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout",
                "client_min_messages", "maintenance_work_mem", "max_parallel_maintenance_workers");
  const auto words = pgadvise::split(canonical, ' ');
  if (words.empty() || (words[0] != "set" && words[0] != "reset")) return false;
  const std::size_t name = words.size() > 1 && (words[1] == "local" || words[1] == "session") ? 2 : 1;
  return words.size() > name && std::ranges::find(settings, words[name]) != std::end(settings);
}

void add_statements(std::string_view script, int depth, std::vector<std::string>& out);

// Whether handlers only pass over errors, or write messages.
bool only_passes_over(const std::string& handlers) {
  return std::ranges::none_of(tokens_of(handlers), [](const Lexeme& token) {
    return token.is_one_of({"create", "alter", "drop", "execute", "insert", "update", "delete", "perform",
                            "select", "call", "return"});
  });
}

// Whether the condition only keeps the statement from doing its work twice: IF NOT EXISTS (… the object) of
// what adds it, IF EXISTS of what drops it.
bool guards(const BlockCondition& condition, std::string_view statement) {
  const auto words = canonical_tokens(condition.text, 1);
  const std::string text = " " + join(words, " ") + " ";
  if (words.empty() || contains(text, " and ( ") || contains(text, " or ") || contains(text, ") and "))
    return false;
  const bool asks_exists = text.starts_with(" not exists ( ") || text.starts_with(" exists ( ");
  const bool asks_regclass = text.starts_with(" to_regclass ( ") && text.ends_with(" null ");
  if (asks_exists == asks_regclass) return false;
  const bool absent =
      (asks_exists ? text.starts_with(" not ") : text.ends_with(" is null ")) != condition.negated;
  const std::string canonical = join(canonical_tokens(statement, 0), " ");
  const bool takes_away =
      canonical.starts_with("drop ") || contains(canonical, " drop ") || contains(canonical, " rename ");
  const bool adds = canonical.starts_with("create ") || contains(canonical, " add ");
  return (absent ? adds && !takes_away : takes_away && !adds) && names_object_of(condition.text, statement);
}

// Whether the block was read as plain statements, which are then among `out`, each behind its conditions.
bool add_block(const DoBlock& block, int depth, std::vector<std::string>& out) {
  constexpr int max_depth = 8;
  if (depth >= max_depth || block.language != "plpgsql") return false;
  const Block read = read_block(block.body);
  const bool plain =
      std::ranges::none_of(read.statements,
                           [](const BlockStatement& one) { return one.looped || one.may_not_run; }) &&
      std::ranges::all_of(read.handlers, only_passes_over);
  if (!read.understood || read.statements.empty() || read.passes_over || !read.ends.empty() || !plain)
    return false;
  constexpr std::size_t max_guards = 4, max_guard = 1000;  // a long text is compared once, not per statement
  std::map<std::pair<const char*, bool>, std::size_t> places;
  for (const BlockStatement& statement : read.statements) {
    for (const BlockCondition& condition : statement.conditions) {
      const bool short_enough =
          statement.conditions.size() <= max_guards && condition.text.size() <= max_guard;
      if (short_enough && guards(condition, statement.text)) continue;
      const auto [place, fresh] =
          places.try_emplace({condition.text.data(), condition.negated}, places.size());
      out.push_back((condition.negated ? "if not " : "if ") +
                    (fresh ? join(canonical_tokens(condition.text, 1), " ") : std::to_string(place->second)));
    }
    add_statements(statement.text, depth + 1, out);
  }
  return true;
}

void add_parsed(const Node& node, std::string_view text, int depth, std::vector<std::string>& out) {
  if (node.node_case == NODE(TRANSACTION_STMT)) return;
  if (node.node_case == NODE(DO_STMT)) {
    const Statement statement = read_statement(node, SchemaState());
    if (const auto* block = std::get_if<DoBlock>(&statement); block && add_block(*block, depth, out)) return;
  }
  const std::string spelled = statement_text(&node);
  std::string canonical = join(canonical_tokens(spelled.empty() ? text : std::string_view(spelled), 0), " ");
  if (!sets_how_it_runs(canonical)) out.push_back(std::move(canonical));
}

void add_statements(std::string_view script, int depth, std::vector<std::string>& out) {
  for (const SourceStatement& statement : split(script)) {
    const auto parsed = each_statement(
        statement.text, [&](const Node& node) { add_parsed(node, statement.text, depth, out); });
    if (!parsed) out.push_back(join(canonical_tokens(statement.text, 0), " "));
  }
}

// Compares tokens of two versions, in which the same name stands for a placeholder each time.
class Alignment {
 public:
  explicit Alignment(const Placeholders& placeholders) : placeholders_(placeholders) {}

  bool equal(const std::string& before, const std::string& after) {
    const auto a = pgadvise::split(before, ' '), b = pgadvise::split(after, ' ');
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
      if (a[i] == b[j]) ++i, ++j;
      else if (qualifier(a, i) && !before_dot(b, j)) i += 2;
      else if (qualifier(b, j) && !before_dot(a, i)) j += 2;
      else if (stands_for(a[i], b[j]) || stands_for(b[j], a[i])) ++i, ++j;
      else if (qualifier(a, i)) i += 2;
      else if (qualifier(b, j)) j += 2;
      else return false;
    }
    return i == a.size() && j == b.size();
  }

 private:
  static std::string_view unquoted(std::string_view token) {
    const bool quoted = token.size() > 2 && token.front() == '\'' && token.back() == '\'';
    return quoted ? token.substr(1, token.size() - 2) : token;
  }
  static bool before_dot(const std::vector<std::string_view>& tokens, std::size_t at) {
    return at + 1 < tokens.size() && tokens[at + 1] == ".";
  }
  bool qualifier(const std::vector<std::string_view>& tokens, std::size_t at) const {
    return before_dot(tokens, at) && placeholders_.made(std::string(tokens[at]));
  }
  bool stands_for(std::string_view placeholder, std::string_view other) {
    const std::string name(unquoted(placeholder)), value(unquoted(other));
    if (!placeholders_.made(name) || (name == placeholder) != (value == other)) return false;
    const auto known = values_.find(name);
    if (known != values_.end()) return known->second == value;
    const bool word = !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c >= 0x80;
    });
    if (word) values_.emplace(name, value);
    return word;
  }

  const Placeholders& placeholders_;
  std::map<std::string, std::string> values_;
};

// What the statement adds to or changes, such as "table s . t" or "index i"; nullopt: statements of any
// object may depend on it. Statements on the same object must keep their order.
std::optional<std::string> object_of(const std::string& statement) {
  const auto words = pgadvise::split(statement, ' ');
  const auto has = [&](std::string_view part) { return contains(statement, part); };
  const auto name_at = [&](std::size_t at) {
    std::string out(at < words.size() ? words[at] : "");
    for (; at + 2 < words.size() && words[at + 1] == "."; at += 2) out += "." + std::string(words[at + 2]);
    return out;
  };
  if (words.size() < 3 || has(" drop ") || has(" rename ")) return std::nullopt;
  if (words[0] == "grant") return statement;
  if (words[0] == "comment") return statement.substr(0, statement.find(" is "));
  if (words[0] != "create" && words[0] != "alter") return std::nullopt;
  static constexpr std::string_view passed_over[] = {"unique", "unlogged", "materialized", "constraint"};
  static constexpr auto kinds =
      word_list("table", "index", "type", "domain", "view", "schema", "extension", "sequence", "trigger",
                "policy", "function", "procedure", "aggregate");
  std::size_t at = 1;
  while (at < words.size() && std::ranges::find(passed_over, words[at]) != std::end(passed_over)) ++at;
  if (at >= words.size() || std::ranges::find(kinds, words[at]) == std::end(kinds)) return std::nullopt;
  const std::string kind(words[at++]);
  // What these make depends on what other tables have by then.
  if (has(" * ") || has(" like ") || (kind == "table" && has(" as "))) return std::nullopt;
  if (at < words.size() && words[at] == "only") ++at;
  const std::string name = name_at(at);
  if (kind == "index" && name == "on") return statement;  // the server chooses the name
  if (kind == "trigger" || kind == "policy") {
    const auto on = std::find(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), "on");
    return kind + " " + name + " on " + name_at(static_cast<std::size_t>(on - words.begin()) + 1);
  }
  const auto add = std::find(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), "add");
  if (words[0] == "alter" && kind == "table" && add != words.end() && words.end() - add > 2 &&
      add[1] == "constraint" && !has(" , add ") && !has(" , alter "))
    return "constraint " + std::string(add[2]) + " on " + name;
  return kind + " " + name;
}

// The statements on each object, in order; nullopt: the order of all of them counts.
std::optional<std::map<std::string, std::vector<std::string>>> by_object(
    const std::vector<std::string>& statements) {
  std::map<std::string, std::vector<std::string>> out;
  for (const std::string& statement : statements) {
    const auto object = object_of(statement);
    if (!object) return std::nullopt;
    out[*object].push_back(statement);
  }
  return out;
}

}  // namespace

bool same_statements(std::string_view before, std::string_view after) {
  Placeholders placeholders;
  const auto a = canonical_statements(placeholders.fill(before, Placeholders::Strings::fill));
  const auto b = canonical_statements(placeholders.fill(after, Placeholders::Strings::fill));
  if (a.size() != b.size()) return false;
  Alignment alignment(placeholders);
  if (std::equal(a.begin(), a.end(), b.begin(),
                 [&](const auto& one, const auto& other) { return alignment.equal(one, other); }))
    return true;
  const auto objects = by_object(a);
  return objects && objects == by_object(b);
}

bool can_run(std::string_view script) {
  const std::string filled = Placeholders().fill(script);
  const auto statements = split(filled);
  return std::ranges::all_of(statements, [](const SourceStatement& statement) {
    bool parsed = true;
    with_stack(tree_depth(statement.text), [&] { parsed = Tree::parse(statement.text).has_value(); });
    return parsed || !first_placeholder(statement.text).empty() || !newer_syntax(statement.text).empty();
  });
}

std::vector<std::string> canonical_statements(std::string_view script) {
  std::vector<std::string> out;
  add_statements(script, 0, out);
  return out;
}

}  // namespace pgadvise::sql
