#include "sql/same_statements.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/text.h"
#include "sql/ast.h"
#include "sql/do_block.h"
#include "sql/lexer.h"
#include "sql/placeholders.h"
#include "sql/read_statement.h"
#include "sql/replay_state.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

using Kind = Lexeme::Kind;

std::vector<std::string> tokens_of(std::string_view text);

// The inside of a dollar quote; "" if the quote is never closed.
std::string_view dollar_body(std::string_view quote) {
  const auto open = quote.find('$', 1);
  if (open == std::string_view::npos || quote.size() < 2 * (open + 1)) return {};
  return quote.substr(open + 1, quote.size() - 2 * (open + 1));
}

// `code`: dollar quotes hold PL/pgSQL or SQL, in which comments and blanks mean nothing.
std::string token_text(const Lexeme& token, bool code) {
  if (token.kind == Kind::word) return lower(token.text);
  if (code && token.kind == Kind::string && token.text[0] == '$')
    return "$$" + join(tokens_of(dollar_body(token.text)), " ") + "$$";
  if (token.kind == Kind::quoted_name && !token.name().empty() && lower(token.name()) == token.name())
    return token.name();
  return std::string(token.text);
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> out;
  Lexer lexer(text);
  bool code = false;
  for (Lexeme token = lexer.next_token(); token.kind != Kind::end; token = lexer.next_token()) {
    code = code || token.is_word("do") || token.is_word("function") || token.is_word("procedure");
    out.push_back(token_text(token, code));
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
  static constexpr std::string_view settings[] = {
      "lock_timeout",        "statement_timeout",    "idle_in_transaction_session_timeout",
      "client_min_messages", "maintenance_work_mem", "max_parallel_maintenance_workers"};
  const auto words = pgadvise::split(canonical, ' ');
  if (words.empty() || (words[0] != "set" && words[0] != "reset")) return false;
  const std::size_t name = words.size() > 1 && (words[1] == "local" || words[1] == "session") ? 2 : 1;
  return words.size() > name &&
         std::find(std::begin(settings), std::end(settings), words[name]) != std::end(settings);
}

void add_statements(std::string_view script, int depth, std::vector<std::string>& out);

// Whether the block was read as plain statements, which are then among `out`.
bool add_block(const DoBlock& block, int depth, std::vector<std::string>& out) {
  constexpr int max_depth = 8;
  if (depth >= max_depth || block.language != "plpgsql") return false;
  const Block read = read_block(block.body);
  // Statements in loops, or under conditions on data, are no plain sequence.
  const bool plain = std::none_of(read.statements.begin(), read.statements.end(),
                                  [](const BlockStatement& one) { return one.looped || one.may_not_run; });
  if (!read.understood || read.statements.empty() || !plain) return false;
  for (const BlockStatement& statement : read.statements) add_statements(statement.text, depth + 1, out);
  return true;
}

void add_parsed(const Node& node, std::string_view text, int depth, std::vector<std::string>& out) {
  if (node.node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) return;
  if (node.node_case == PG_QUERY__NODE__NODE_DO_STMT) {
    const Statement statement = read_statement(node, SchemaState());
    if (const auto* block = std::get_if<DoBlock>(&statement); block && add_block(*block, depth, out)) return;
  }
  const std::string spelled = statement_text(&node);
  std::string canonical = join(tokens_of(spelled.empty() ? text : std::string_view(spelled)), " ");
  if (!sets_how_it_runs(canonical)) out.push_back(std::move(canonical));
}

void add_statements(std::string_view script, int depth, std::vector<std::string>& out) {
  for (const SourceStatement& statement : split(script)) {
    bool parsed = false;
    with_stack(tree_depth(statement.text), [&] {
      const auto tree = Tree::parse(statement.text);
      parsed = tree.has_value();
      for (std::size_t i = 0; parsed && i < tree->size(); ++i)
        add_parsed(*tree->statement(i), statement.text, depth, out);
    });
    if (!parsed) out.push_back(join(tokens_of(statement.text), " "));
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
    const bool word = !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c >= 0x80;
    });
    if (word) values_.emplace(name, value);
    return word;
  }

  const Placeholders& placeholders_;
  std::map<std::string, std::string> values_;
};

// Whether the order of the statements decides what they do: rows, and objects that are made again.
bool depends_on_order(const std::vector<std::string>& statements) {
  static constexpr std::string_view harmless[] = {"create ", "alter ", "comment ", "grant "};
  return std::any_of(statements.begin(), statements.end(), [](const std::string& statement) {
    return std::none_of(std::begin(harmless), std::end(harmless),
                        [&](std::string_view begin) { return statement.starts_with(begin); }) ||
           contains(statement, " drop ") || contains(statement, " rename ");
  });
}

}  // namespace

bool same_statements(std::string_view before, std::string_view after) {
  Placeholders placeholders;
  auto a = canonical_statements(placeholders.fill(before, Placeholders::Strings::fill));
  auto b = canonical_statements(placeholders.fill(after, Placeholders::Strings::fill));
  if (a.size() != b.size()) return false;
  Alignment alignment(placeholders);
  if (std::equal(a.begin(), a.end(), b.begin(),
                 [&](const auto& one, const auto& other) { return alignment.equal(one, other); }))
    return true;
  if (depends_on_order(a) || depends_on_order(b)) return false;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

bool can_run(std::string_view script) {
  const std::string filled = Placeholders().fill(script);
  const auto statements = split(filled);
  return std::all_of(statements.begin(), statements.end(), [](const SourceStatement& statement) {
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
