#include "sql/definitions/do_block.h"

#include <algorithm>
#include <optional>

#include "base/text/text.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

// May the statement change a schema? Any other is passed over: assignments, queries, messages, RETURN, EXIT.
bool may_change_schema(const Lexeme& first) {
  return first.is_one_of({"create",  "alter",   "drop",    "comment",  "grant", "revoke", "insert",
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
  for (const Lexeme& token : lexer) {
    if (token.is('(') || token.is_word("case")) ++depth;
    if (token.is(')') || token.is_word("end")) --depth;
    if (depth == 0 && token.is_word(word)) return trim(text.substr(lexer.position()));
  }
  return std::nullopt;
}

// Whether the loop runs at least once: LOOP, FOR i IN 1..3 LOOP. `head`: up to LOOP.
bool runs_once(std::string_view head) {
  std::string low = lower(head);
  if (trim(low) == "loop") return true;
  const auto in = low.find(" in ");
  const auto dots = low.find("..", in == std::string::npos ? 0 : in);
  if (!low.starts_with("for") || in == std::string::npos || dots == std::string::npos) return false;
  const std::string first(trim(std::string_view(low).substr(in + 4, dots - in - 4)));
  std::string_view last = trim(std::string_view(low).substr(dots + 2));
  if (!last.ends_with("loop")) return false;
  last = trim(last.substr(0, last.size() - 4));
  const auto number = [](std::string_view text) {
    constexpr std::size_t max_digits = 9;
    return !text.empty() && text.size() <= max_digits &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return number(first) && number(last) && std::stoi(first) <= std::stoi(std::string(last));
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
      if (blocks_.empty() || !block_.understood) break;
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
    limit_depth();
  }
  // A statement has a copy of what is around it.
  void limit_depth() {
    constexpr std::size_t max_depth = 64;
    block_.understood =
        block_.understood && blocks_.size() + around_.size() + count_of_conditions_ <= max_depth;
  }
  bool in_handler() const { return !block_.handlers[blocks_.back()].empty(); }

  // What a handler does is passed over: most raise an error again, or write a message.
  void handler(std::string_view text) {
    Lexer lexer(text);
    const Lexeme first = lexer.next_token();
    const bool ends = first.is_word("end") && !lexer.next_token().is_one_of({"if", "case", "loop"});
    block_.handlers[blocks_.back()] += lower(text) + ";";
    const auto inside = after_word(text, "then");
    Lexer of_inside(inside.value_or(text));
    if (of_inside.next_token().is_word("begin")) ++blocks_in_handler_;
    else if (ends && blocks_in_handler_ > 0) --blocks_in_handler_;
    else if (ends) blocks_.pop_back();
  }

  void statement(std::string_view text) {
    while (!text.empty() && block_.understood) {
      text = without_label(text);
      Lexer lexer(text);
      const Lexeme first = lexer.next_token();
      const Lexeme second = lexer.next_token();
      if (first.is_word("exception")) return handler(text);
      if (first.is_word("end")) return end_of(second);
      const auto rest = inside_of(text, first);
      if (!rest) {
        block_.empty = false;
        if (first.is_word("return")) end_here();
        else if (first.is_one_of({"exit", "continue"})) leave_loop();
        else if (may_change_schema(first)) add(text);
        else if (!first.is_one_of({"null", "raise", "assert", "get"})) block_.passes_over = true;
        return;
      }
      text = *rest;
    }
  }

  void add(std::string_view text) {
    if (ended_) return;
    BlockStatement out{.text = text,
                       .guarded = !around_.empty(),
                       .may_not_run = rest_may_not_run_,
                       .blocks = blocks_,
                       .ends = block_.ends.size()};
    for (const Around& around : around_) {
      out.looped |= around.loop;
      out.may_not_run |= around.may_not_run;
      out.conditions.insert(out.conditions.end(), around.conditions.begin(), around.conditions.end());
    }
    block_.statements.push_back(std::move(out));
  }

  // RETURN.
  void end_here() {
    if (around_.empty()) {
      ended_ = true;
    } else if (around_.size() == 1 && around_[0].conditions.size() == 1 && !around_[0].loop) {
      const BlockCondition& condition = around_[0].conditions[0];
      block_.ends.push_back({condition.text, !condition.negated});
    } else {
      rest_may_not_run_ = true;
    }
  }

  // EXIT, CONTINUE.
  void leave_loop() {
    const auto loop =
        std::find_if(around_.rbegin(), around_.rend(), [](const Around& one) { return one.loop; });
    (loop == around_.rend() ? rest_may_not_run_ : loop->may_not_run) = true;
  }

  void end_of(const Lexeme& second) {
    if (!second.is_one_of({"if", "case", "loop"})) blocks_.pop_back();
    else if (!around_.empty()) {
      count_of_conditions_ -= around_.back().conditions.size();
      around_.pop_back();
    }
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
    if (first.is_one_of({"if", "elsif", "elseif", "case", "when"})) return branch(text, behind(), first);
    if (first.is_one_of({"for", "foreach", "while", "loop"})) {
      const auto rest = after_word(text, "loop");
      const auto head = rest ? text.substr(0, static_cast<std::size_t>(rest->data() - text.data())) : text;
      around_.push_back({.loop = true, .may_not_run = !runs_once(head)});
      block_.passes_over |= around_.back().may_not_run;
      limit_depth();
      return rest.value_or("");
    }
    return std::nullopt;
  }

  // IF, ELSIF, CASE and WHEN up to THEN: adds the condition. Returns what follows. `behind`: the first word.
  std::string_view branch(std::string_view text, std::string_view behind, const Lexeme& first) {
    const bool is_case = first.is_word("case");
    if (is_case || first.is_word("if")) around_.push_back({});
    else negate_last();
    const auto rest = after_word(is_case ? behind : text, "then");
    if (!rest || around_.empty()) return rest.value_or("");
    Around& around = around_.back();
    const bool searched = is_case && Lexer(behind).next_token().is_word("when");
    if (is_case) around.compares = !searched;
    // CASE x WHEN 1: a text that no condition has.
    const std::string_view from = searched ? behind.substr(std::string_view("when").size())
                                  : first.is_word("when") && around.compares ? text
                                                                             : behind;
    around.conditions.push_back({between(from, *rest)});
    ++count_of_conditions_;
    limit_depth();
    return *rest;
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

  std::string_view body_;
  Block block_;
  struct Around {
    bool loop = false;
    bool may_not_run = false;  // a loop: what follows in it
    bool compares = false;     // CASE x WHEN …, not CASE WHEN …
    std::vector<BlockCondition> conditions = {};
  };
  std::vector<Around> around_;  // the conditions and loops around the next statement
  std::size_t count_of_conditions_ = 0;
  bool ended_ = false;               // by RETURN
  bool rest_may_not_run_ = false;    // a RETURN may have run
  std::vector<std::size_t> blocks_;  // that are open, outermost first: places in Block::handlers
  int blocks_in_handler_ = 0;
};

}  // namespace

Block read_block(std::string_view body) { return BlockReader(body).read(); }

}  // namespace pgadvise::sql
