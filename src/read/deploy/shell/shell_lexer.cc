#include "deploy/shell/shell_lexer.h"

#include "base/text/text.h"

namespace pgadvise::deploy {
namespace {

constexpr std::string_view operator_characters = "&|;()<>\n";

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<ShellToken> run() {
    while (at_ < text_.size()) {
      if (skip_blank()) continue;
      if (text_[at_] == '\n') {
        newline();
      } else if (operator_characters.find(text_[at_]) != std::string_view::npos) {
        operators();
      } else {
        word();
      }
    }
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool skip_blank() {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r') return ++at_, true;
    if (c == '\\' && peek(1) == '\n') return at_ += 2, true;
    if (c == '\\' && peek(1) == '\r' && peek(2) == '\n') return at_ += 3, true;
    if (c != '#') return false;
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    return true;
  }

  void newline() {
    out_.push_back({ShellToken::Kind::newline, "\n", false, at_, at_ + 1, {}, {}});
    ++at_;
    for (const auto& [index, strip] : pending_) read_heredoc(index, strip);
    pending_.clear();
  }

  void operators() {
    static constexpr std::string_view known[] = {"<<<", "<<-", "&>>", "&&", "||", ";;", "<<",
                                                 ">>",  ">&",  "<&",  ">|", "&>", "<>"};
    std::string_view op = text_.substr(at_, 1);
    for (const auto candidate : known)
      if (text_.substr(at_, candidate.size()) == candidate) {
        op = candidate;
        break;
      }
    out_.push_back({ShellToken::Kind::op, std::string(op), false, at_, at_ + op.size(), {}, {}});
    at_ += op.size();
    heredoc_next_ = op == "<<" || op == "<<-";
    heredoc_strip_ = op == "<<-";
  }

  void word() {
    ShellToken token{ShellToken::Kind::word, "", false, at_, at_, {}, {}};
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || operator_characters.find(c) != std::string_view::npos) break;
      if (c == '\'') {
        single(token);
      } else if (c == '"') {
        double_quoted(token);
      } else if (c == '\\') {
        escape(token);
      } else if (c == '$' || c == '`') {
        expansion(token);
      } else {
        token.text += c;
        ++at_;
      }
    }
    token.end = at_;
    out_.push_back(std::move(token));
    if (heredoc_next_) pending_.emplace_back(out_.size() - 1, heredoc_strip_);
    heredoc_next_ = false;
  }

  void single(ShellToken& token) {
    token.quoted = true;
    const auto close = text_.find('\'', at_ + 1);
    const auto end = close == std::string_view::npos ? text_.size() : close;
    token.text += text_.substr(at_ + 1, end - at_ - 1);
    at_ = std::min(end + 1, text_.size());
  }

  void double_quoted(ShellToken& token) {
    token.quoted = true;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        escape(token);
      } else if (text_[at_] == '$' || text_[at_] == '`') {
        expansion(token);
      } else {
        token.text += text_[at_++];
      }
    }
    if (at_ < text_.size()) ++at_;
  }

  void escape(ShellToken& token) {
    ++at_;
    if (at_ >= text_.size()) return;
    if (text_[at_] != '\n') token.text += text_[at_];
    ++at_;
  }

  void expansion(ShellToken& token) {
    std::size_t end = at_ + 1;
    if (text_[at_] == '`') {
      end = closing_backquote(at_ + 1);
      token.substitutions.emplace_back(at_ + 1, std::string(text_.substr(at_ + 1, end - at_ - 1)));
      end = std::min(end + 1, text_.size());
    } else if (peek(1) == '(' && peek(2) == '(') {
      end = closing(at_ + 2, '(', ')');
    } else if (peek(1) == '(') {
      end = closing(at_ + 2, '(', ')');
      token.substitutions.emplace_back(at_ + 2, std::string(text_.substr(at_ + 2, end - at_ - 3)));
    } else if (peek(1) == '{') {
      end = closing(at_ + 2, '{', '}');
    }
    token.text += text_.substr(at_, end - at_);
    at_ = end;
  }

  std::size_t closing_backquote(std::size_t from) const {
    while (from < text_.size() && text_[from] != '`') from += text_[from] == '\\' ? 2 : 1;
    return std::min(from, text_.size());
  }

  // One past the bracket that closes, looking through quotes.
  std::size_t closing(std::size_t from, char open, char close) const {
    int depth = 1;
    char quote = '\0';
    for (; from < text_.size(); ++from) {
      const char c = text_[from];
      if (c == '\\' && quote != '\'') {
        ++from;
      } else if (quote) {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == open) {
        ++depth;
      } else if (c == close && --depth == 0) {
        return from + 1;
      }
    }
    return text_.size();
  }

  void read_heredoc(std::size_t index, bool strip) {
    const std::string delimiter = out_[index].text;
    std::string body;
    while (at_ < text_.size()) {
      const auto end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line = text_.substr(at_, end - at_);
      at_ = std::min(end + 1, text_.size());
      std::string_view bare = line;
      if (strip)
        while (!bare.empty() && bare.front() == '\t') bare.remove_prefix(1);
      if (!bare.empty() && bare.back() == '\r') bare.remove_suffix(1);
      // Inside YAML and RUN instructions the delimiter may keep its indentation.
      if (trim(bare) == delimiter) break;
      body += std::string(bare) + "\n";
    }
    out_[index].heredoc = std::move(body);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<ShellToken> out_;
  std::vector<std::pair<std::size_t, bool>> pending_;
  bool heredoc_next_ = false;
  bool heredoc_strip_ = false;
};

}  // namespace

std::vector<ShellToken> lex_shell(std::string_view script) { return Lexer(script).run(); }

}  // namespace pgadvise::deploy
