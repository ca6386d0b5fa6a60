#include "sql/do_block.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/text.h"
#include "sql/lexer.h"
#include "sql/statement.h"

namespace pgadvise::sql {
namespace {

bool is_one_of(const Lexeme& token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is_word(word); });
}

// May the statement change a schema? Any other is passed over: assignments, queries, messages, RETURN, EXIT.
bool may_change_schema(const Lexeme& first) {
  return is_one_of(first, {"create",  "alter",   "drop",    "comment",  "grant", "revoke", "insert",
                           "update",  "delete",  "execute", "truncate", "lock",  "set",    "refresh",
                           "reindex", "analyze", "import",  "merge",    "with",  "call",   "do"});
}

// The text after a label: <<name>>.
std::string_view without_label(std::string_view text) {
  text = trim(text);
  const auto end = text.starts_with("<<") ? text.find(">>") : std::string_view::npos;
  return end == std::string_view::npos ? text : trim(text.substr(end + 2));
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
  explicit BlockReader(std::string_view body) : body_(without_label(body)) {}

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
      text = without_label(text);
      Lexer lexer(text);
      const Lexeme first = lexer.next_token();
      const Lexeme second = lexer.next_token();
      if (first.is_word("exception")) return handler(text);
      if (first.is_word("end")) return end_of(second);
      const auto rest = inside_of(text, first);
      if (!rest) {
        block_.empty = false;
        if (first.is_word("return")) ended_.push_back(around_);
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
    BlockStatement out{text, !around_.empty(), any(&Around::loop), any(&Around::on_data), blocks_, {}};
    for (const Around& around : around_)
      out.conditions.insert(out.conditions.end(), around.conditions.begin(), around.conditions.end());
    for (const auto& around : ended_) {
      if (around.empty()) return;  // after RETURN
      const bool simple = around.size() == 1 && around[0].conditions.size() == 1 && !around[0].loop;
      if (simple && !around[0].on_data)
        out.conditions.push_back({around[0].conditions[0].text, !around[0].conditions[0].negated});
      else out.on_data = true;
    }
    block_.statements.push_back(std::move(out));
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
    if (first.is_word("else")) {
      negate_last();
      return behind();
    }
    if (first.is_word("declare")) {
      const auto rest = after_word(text, "begin");
      if (rest) open_block();
      return rest.value_or("");
    }
    if (is_one_of(first, {"if", "elsif", "elseif", "case", "when"})) {
      if (is_one_of(first, {"if", "case"})) around_.push_back({});
      else negate_last();
      const auto rest = after_word(first.is_word("case") ? behind() : text, "then");
      if (rest && !around_.empty() && is_one_of(first, {"if", "elsif", "elseif"}))
        around_.back().conditions.push_back({between(behind(), *rest)});
      return condition(text, rest);
    }
    if (is_one_of(first, {"for", "foreach", "while", "loop"})) {
      around_.push_back({.loop = true});
      return condition(text, after_word(text, "loop"));
    }
    return std::nullopt;
  }

  // The condition before THEN.
  static std::string_view between(std::string_view text, std::string_view rest) {
    const std::string_view out = trim(text.substr(0, static_cast<std::size_t>(rest.data() - text.data())));
    constexpr std::size_t then = 4;
    return out.size() < then ? out : trim(out.substr(0, out.size() - then));
  }

  void negate_last() {
    if (!around_.empty() && !around_.back().conditions.empty())
      around_.back().conditions.back().negated = true;
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
    std::vector<BlockCondition> conditions = {};
  };
  std::vector<Around> around_;              // the conditions and loops around the next statement
  std::vector<std::vector<Around>> ended_;  // those around each RETURN before it
  std::vector<std::size_t> blocks_;         // that are open, outermost first: places in Block::handlers
  int blocks_in_handler_ = 0;
};

}  // namespace

Block read_block(std::string_view body) { return BlockReader(body).read(); }

}  // namespace pgadvise::sql
