#include "deploy/shell/shell.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/text.h"
#include "deploy/shell/shell_lexer.h"
#include "files/code_text.h"

namespace pgadvise::deploy {
namespace {

constexpr int max_substitution_depth = 6;

// What a test tells about the environment when it holds, and when it does not.
struct Knowledge {
  Target when_true = Target::any;
  Target when_false = Target::any;
  bool is_test = false;
};

// "$NODE_ENV", "${APP_ENV:-production}", "x$ENV": does it name the environment?
bool names_environment(std::string_view word) {
  const auto dollar = word.find('$');
  if (dollar == std::string_view::npos) return false;
  std::string name;
  for (const char c : word.substr(dollar + 1)) {
    if (c == '{' && name.empty()) continue;
    if (!files::word_character(c)) break;
    name += c;
  }
  return contains_any(lower(name), {"env", "stage", "mode", "branch", "ref", "deploy_target"});
}

Knowledge compared(std::string_view value, bool equal) {
  while (!value.empty() && value.front() == 'x' && value.size() > 1 &&
         environment_named(value) == Target::not_production)
    value.remove_prefix(1);  // [ "x$NODE_ENV" = "xdevelopment" ]
  Knowledge out{Target::any, Target::any, true};
  const Target named = environment_named(value);
  if (named == Target::any) {
    out.when_false = Target::development;
  } else {
    out.when_true = named;
  }
  if (!equal) std::swap(out.when_true, out.when_false);
  return out;
}

bool is_on(std::string_view value) { return is_one_of(lower(value), {"1", "true", "yes", "on"}); }

// "${PUSH:-0}", "${PUSH:-false}", "${PUSH:-}": off unless somebody turns it on.
bool is_off_by_default(std::string_view word) {
  const auto open = word.find("${");
  const auto mark = word.find(":-", open == std::string_view::npos ? word.size() : open);
  const auto close = word.find('}', mark == std::string_view::npos ? word.size() : mark);
  if (close == std::string_view::npos) return false;
  return is_one_of(lower(word.substr(mark + 2, close - mark - 2)), {"", "0", "false", "no", "off"});
}

Knowledge evaluate_test(const std::vector<std::string>& words) {
  std::size_t at = 0;
  bool negated = false;
  while (at < words.size() && words[at] == "!") negated = !negated, ++at;
  if (at >= words.size() || !is_one_of(words[at], {"[", "[[", "test"})) return {};
  Knowledge out{Target::any, Target::any, true};
  for (std::size_t i = at + 1; i + 1 < words.size(); ++i) {
    // Whoever turns the switch on chooses the database: it need not be that of production.
    if (words[i] == "-n" && is_off_by_default(words[i + 1])) out.when_true = Target::not_production;
    if (words[i] == "-z" && is_off_by_default(words[i + 1])) out.when_false = Target::not_production;
    const bool equal = words[i] == "=" || words[i] == "==";
    if (!equal && words[i] != "!=") continue;
    if (i > 0 && is_off_by_default(words[i - 1]) && is_on(words[i + 1]))
      (equal ? out.when_true : out.when_false) = Target::not_production;
    if (i > 0 && names_environment(words[i - 1])) out = compared(words[i + 1], equal);
    if (i > 0 && names_environment(words[i + 1])) out = compared(words[i - 1], equal);
  }
  if (negated) std::swap(out.when_true, out.when_false);
  return out;
}

bool is_assignment(const ShellToken& token) {
  const auto equals = token.text.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  const auto name = std::string_view(token.text).substr(0, equals);
  return (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), [](char c) { return files::word_character(c) || c == '+'; });
}

class Parser {
 public:
  Parser(const std::vector<std::string>& arguments, int depth, int& branches)
      : arguments_(arguments), depth_(depth), branches_(branches) {}

  void run(std::string_view script, std::size_t base) {
    base_ = base;
    tokens_ = lex_shell(script);
    for (at_ = 0; at_ < tokens_.size(); ++at_) step(tokens_[at_]);
    flush();
  }

  std::vector<ShellCommand> out;
  std::vector<int> outer_branch;
  Target outer_target = Target::any;
  std::string outer_function;

 private:
  struct Frame {
    enum class Kind { condition, loop, choice, group, function };
    Kind kind = Kind::group;
    Target target = Target::any;
    bool in_test = false;     // between if and then
    bool at_pattern = false;  // of a case
    bool dead = false;        // a case branch that the arguments rule out
    Knowledge known;
    int branch = 0;       // 0: not conditional
    std::string subject;  // of a case
    std::string pattern;
    std::string function;
  };

  void step(const ShellToken& token) {
    if (!frames_.empty() && frames_.back().at_pattern && step_pattern(token)) return;
    switch (token.kind) {
      case ShellToken::Kind::word: return step_word(token);
      case ShellToken::Kind::newline: return end_chain();
      case ShellToken::Kind::op: return step_operator(token);
    }
  }

  // Between "case x in" or ";;" and the ")" of the next branch.
  bool step_pattern(const ShellToken& token) {
    Frame& frame = frames_.back();
    if (token.kind == ShellToken::Kind::word && token.text == "esac" && !token.quoted) return false;
    if (token.kind == ShellToken::Kind::word) frame.pattern += token.text;
    if (token.kind == ShellToken::Kind::op && token.text == "|") frame.pattern += '|';
    if (token.kind == ShellToken::Kind::op && token.text == ")") enter_branch(frame);
    return true;
  }

  void enter_branch(Frame& frame) {
    frame.at_pattern = false;
    frame.branch = ++branches_;
    frame.dead = false;
    frame.target = Target::any;
    const auto patterns = split(frame.pattern, '|');
    if (names_environment(frame.subject)) {
      frame.target = Target::development;
      for (const auto pattern : patterns) frame.target = std::min(frame.target, environment_named(pattern));
    } else if (contains(frame.subject, "$")) {
      const std::string* argument = positional(frame.subject);
      if (argument) frame.dead = !is_one_of(*argument, patterns);
      else frame.target = Target::not_production;  // a script of many uses
    }
    frame.pattern.clear();
  }

  const std::string* positional(const std::string& word) const {
    for (const char c : word)
      if (c >= '1' && c <= '9') {
        const auto index = static_cast<std::size_t>(c - '1');
        return index < arguments_.size() ? &arguments_[index] : nullptr;
      }
    return nullptr;
  }

  void step_word(const ShellToken& token) {
    for (const auto& [offset, text] : token.substitutions) substitute(base_ + offset, text);
    if (const auto redirect = std::exchange(redirect_, Redirect::none); redirect != Redirect::none) {
      if (redirect == Redirect::heredoc) current_.input = token.heredoc;
      if (redirect == Redirect::output) current_.output = token.text;
      if (redirect == Redirect::source) current_.source = token.text;
      return;
    }
    if (current_.words.empty() && current_.assignments.empty()) {
      current_.offset = base_ + token.offset;
      if (!token.quoted && reserved(token)) return;
    }
    current_.end = base_ + token.end;
    if (current_.words.empty() && is_assignment(token)) {
      current_.assignments.push_back(token.text);
    } else {
      current_.words.push_back(token.text);
    }
    const auto& words = current_.words;
    if (words.size() == 3 && words[0] == "case" && words[2] == "in") begin_case();
    if (words.size() == 3 && words[0] == "function" && words[2] == "{") begin_function(words[1]);
  }

  void substitute(std::size_t offset, const std::string& text) {
    if (depth_ >= max_substitution_depth) return;
    Parser inner(arguments_, depth_ + 1, branches_);
    inner.outer_branch = branch();
    inner.outer_target = target();
    inner.outer_function = function();
    inner.run(text, offset);
    if (dead()) return;
    for (auto& command : inner.out) out.push_back(std::move(command));
  }

  // A reserved word in the place of a command. True: taken.
  bool reserved(const ShellToken& token) {
    const std::string& word = token.text;
    if (word == "if") return push({.kind = Frame::Kind::condition, .in_test = true});
    if (word == "while" || word == "until") return push({.kind = Frame::Kind::loop});
    if (word == "then") return take_branch(true);
    if (word == "else") return take_branch(false);
    if (word == "elif") return start_elif();
    if (word == "do") return true;
    if (word == "fi") return pop(Frame::Kind::condition);
    if (word == "done") return pop(Frame::Kind::loop);
    if (word == "esac") return pop(Frame::Kind::choice);
    if (word == "{") return push({.kind = Frame::Kind::group});
    if (word == "}") return pop_group();
    return false;
  }

  bool push(Frame frame) {
    if (frames_.size() < 200) frames_.push_back(std::move(frame));
    if (frames_.back().kind == Frame::Kind::condition) last_operator_.clear();
    return true;
  }

  bool pop(Frame::Kind kind) {
    if (!frames_.empty() && frames_.back().kind == kind) frames_.pop_back();
    chain_ = {};
    return true;
  }

  bool pop_group() {
    if (!frames_.empty() &&
        (frames_.back().kind == Frame::Kind::group || frames_.back().kind == Frame::Kind::function))
      frames_.pop_back();
    return true;
  }

  bool take_branch(bool holds) {
    if (frames_.empty() || frames_.back().kind != Frame::Kind::condition) return true;
    Frame& frame = frames_.back();
    frame.in_test = false;
    frame.branch = ++branches_;
    frame.target = holds ? frame.known.when_true : frame.known.when_false;
    return true;
  }

  bool start_elif() {
    if (frames_.empty() || frames_.back().kind != Frame::Kind::condition) return true;
    Frame& frame = frames_.back();
    frame.in_test = true;
    frame.known = {};
    frame.branch = 0;
    frame.target = Target::any;
    return true;
  }

  void begin_case() {
    Frame frame{.kind = Frame::Kind::choice};
    frame.at_pattern = true;
    frame.subject = current_.words[1];
    current_ = {};
    push(std::move(frame));
  }

  void step_operator(const ShellToken& token) {
    const std::string& op = token.text;
    if (op == ";;") {
      flush();
      if (!frames_.empty() && frames_.back().kind == Frame::Kind::choice) frames_.back().at_pattern = true;
    } else if (op == ";" || op == "&") {
      end_chain();
    } else if (op == "&&" || op == "||") {
      flush();
      chain_after(op == "&&");
      last_operator_ = op;
    } else if (op == "|") {
      flush();
    } else if (op == "(") {
      open_parenthesis();
    } else if (op == ")") {
      flush();
      pop_group();
    } else {
      redirect_ = is_one_of(op, {"<<", "<<-"})       ? Redirect::heredoc
                  : is_one_of(op, {">", ">>", ">|"}) ? Redirect::output
                  : op == "<"                        ? Redirect::source
                                                     : Redirect::other;
      // "2>" and "1>": the number belongs to the redirection.
      auto& words = current_.words;
      if (!words.empty() && current_.end == base_ + token.offset && words.back().size() == 1 &&
          is_digit(words.back()[0])) {
        if (words.back() == "2") redirect_ = Redirect::other;
        words.pop_back();
      }
    }
  }

  // "name() {" begins a function, "(" alone a subshell.
  void open_parenthesis() {
    const bool closed = at_ + 1 < tokens_.size() && tokens_[at_ + 1].text == ")";
    if (closed &&
        (current_.words.size() == 1 || (current_.words.size() == 2 && current_.words[0] == "function"))) {
      ++at_;
      while (at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == ShellToken::Kind::newline) ++at_;
      if (at_ + 1 < tokens_.size() && tokens_[at_ + 1].text == "{") ++at_;
      return begin_function(current_.words.back());
    }
    flush();
    push({.kind = Frame::Kind::group});
  }

  void begin_function(std::string name) {
    current_ = {};
    push({.kind = Frame::Kind::function, .function = std::move(name)});
  }

  void end_chain() {
    flush();
    chain_ = {};
    last_operator_.clear();
  }

  // After "test &&" what follows runs only when the test holds.
  void chain_after(bool both) {
    if (!last_.is_test) return;
    chain_.target = std::max(both ? chain_.target : Target::any, both ? last_.when_true : last_.when_false);
    chain_.branch = ++branches_;
  }

  std::vector<int> branch() const {
    std::vector<int> list = outer_branch;
    for (const auto& frame : frames_)
      if (frame.branch) list.push_back(frame.branch);
    if (chain_.branch) list.push_back(chain_.branch);
    return list;
  }
  Target target() const {
    Target strongest = std::max(outer_target, chain_.target);
    for (const auto& frame : frames_) strongest = std::max(strongest, frame.target);
    return strongest;
  }
  bool dead() const { return std::ranges::any_of(frames_, &Frame::dead); }
  std::string function() const {
    for (auto it = frames_.rbegin(); it != frames_.rend(); ++it)
      if (!it->function.empty()) return it->function;
    return outer_function;
  }

  void learn(const Knowledge& known) {
    if (frames_.empty() || !frames_.back().in_test) return;
    Knowledge& all = frames_.back().known;
    if (last_operator_ == "||") {
      all.when_true = std::min(all.when_true, known.when_true);
      all.when_false = std::max(all.when_false, known.when_false);
    } else {
      all.when_false = last_operator_ == "&&" ? std::min(all.when_false, known.when_false) : known.when_false;
      all.when_true = std::max(all.when_true, known.when_true);
    }
  }

  void flush() {
    redirect_ = Redirect::none;
    if (current_.words.empty() && current_.assignments.empty()) {
      current_ = {};
      return;
    }
    last_ = evaluate_test(current_.words);
    learn(last_);
    current_.target = target();
    current_.branch = branch();
    current_.function = function();
    const bool header =
        !current_.words.empty() && (current_.words[0] == "for" || current_.words[0] == "select");
    if (header) push({.kind = Frame::Kind::loop});
    if (!header && !last_.is_test && !dead()) out.push_back(std::move(current_));
    current_ = {};
  }

  // What the next word is: a here-document's delimiter, or the file of > or <.
  enum class Redirect { none, heredoc, output, source, other };

  struct Chain {
    Target target = Target::any;
    int branch = 0;
  };

  const std::vector<std::string>& arguments_;
  int depth_;
  int& branches_;  // the last branch's number
  std::size_t base_ = 0;
  std::vector<ShellToken> tokens_;
  std::size_t at_ = 0;
  std::vector<Frame> frames_;
  ShellCommand current_;
  Redirect redirect_ = Redirect::none;
  Knowledge last_;
  Chain chain_;
  std::string last_operator_;
};

// Functions run only when something that runs calls them.
std::vector<ShellCommand> without_uncalled(std::vector<ShellCommand> commands) {
  std::set<std::string> called{""};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& command : commands)
      if (called.count(command.function) && !command.words.empty() && called.insert(command.words[0]).second)
        grown = true;
  }
  std::erase_if(commands, [&](const ShellCommand& command) { return !called.count(command.function); });
  return commands;
}

}  // namespace

Target environment_named(std::string_view name) {
  static constexpr auto development =
      word_list("development", "dev", "develop", "local", "localhost", "test", "testing", "debug", "ci");
  static constexpr auto production =
      word_list("production", "prod", "live", "main", "master", "refs/heads/main", "refs/heads/master");
  const std::string lowered = lower(name);
  if (is_one_of(lowered, development)) return Target::development;
  return is_one_of(lowered, production) ? Target::any : Target::not_production;
}

bool has_word(std::string_view name, std::span<const std::string_view> words) {
  std::string text = lower(name);
  for (char& c : text)
    if (!files::word_character(c) || c == '_') c = ' ';
  const auto parts = split(text, ' ');
  return std::ranges::any_of(parts, [&](std::string_view part) { return is_one_of(part, words); });
}

bool has_word(std::string_view name, std::initializer_list<std::string_view> words) {
  return has_word(name, std::span(words.begin(), words.size()));
}

std::vector<ShellCommand> parse_shell(std::string_view script, const std::vector<std::string>& arguments) {
  int branches = 0;
  Parser parser(arguments, 0, branches);
  parser.run(script, 0);
  return without_uncalled(std::move(parser.out));
}

}  // namespace pgadvise::deploy
