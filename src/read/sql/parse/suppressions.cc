#include "sql/parse/suppressions.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

constexpr std::string_view mark = "pgadvise:";
constexpr std::string_view space = " \t\r\n\f\v";

std::string_view next_word(std::string_view& text) {
  const auto from = std::min(text.find_first_not_of(space), text.size());
  const auto to = std::min(text.find_first_of(" \t\r\n\f\v,", from), text.size());
  const auto out = text.substr(from, to - from);
  text.remove_prefix(to);
  return out;
}

struct Directive {
  Suppression what;
  bool whole_file = false;
};

// "pgadvise: ignore a, b the reason", from the mark on.
std::optional<Directive> directive(std::string_view text) {
  text.remove_prefix(mark.size());
  Directive out;
  const auto verb = next_word(text);
  if (verb != "ignore" && verb != "ignore-file") return std::nullopt;
  out.whole_file = verb == "ignore-file";
  for (bool more = true; more;) {
    const auto rule = next_word(text);
    if (!rule.empty()) out.what.rules.emplace_back(rule);
    text = trim(text);
    more = !text.empty() && text.front() == ',';
    if (more) text.remove_prefix(1);
  }
  text = trim(text.substr(0, text.find('\n')));
  if (text.ends_with("*/")) text = trim(text.substr(0, text.size() - 2));
  text.remove_prefix(std::min(text.find_first_not_of("-:— "), text.size()));
  out.what.reason = std::string(text);
  return out;
}

class Script {
 public:
  Script(std::string_view text, const std::string& file)
      : text_(text), file_(file), lines_(text), statements_(split(text)) {}

  std::vector<Suppression> read() {
    std::size_t at = text_.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    for (std::size_t i = 0; i <= statements_.size(); ++i) {
      const std::size_t end = i < statements_.size() ? statements_[i].offset : text_.size();
      comments(after_data(at, end, i), end,
               [&](const Lexeme& comment) { return std::optional(around(comment, i)); });
      if (i == statements_.size()) break;
      at = end + statements_[i].text.size();
      comments(end, at, [&](const Lexeme& comment) { return inside(comment); });
    }
    return std::move(out_);
  }

 private:
  struct Part {
    int first_line, first_column, last_line, last_column;
  };

  int line(std::size_t offset) const { return lines_.at(offset).line; }
  Part of_line(int line) const { return {line, 1, line, std::numeric_limits<int>::max()}; }
  Part of_statement(std::size_t i) const {
    const auto& statement = statements_[i];
    const auto first = lines_.at(statement.offset);
    const auto last = lines_.at(statement.offset + std::max<std::size_t>(statement.text.size(), 1) - 1);
    return {first.line, first.column, last.line, last.column};
  }

  // What follows COPY … FROM stdin is data up to "\.".
  std::size_t after_data(std::size_t from, std::size_t to, std::size_t next) const {
    if (next == 0 || !Lexer(statements_[next - 1].text).next_token().is_word("copy")) return from;
    const auto end = text_.substr(from, to - from).rfind("\n\\.");
    return end == std::string_view::npos ? from : from + end + 3;
  }

  // Each comment applies to the part that `where` gives; nullopt: the line of the next token.
  template <class Where>
  void comments(std::size_t from, std::size_t to, Where where) {
    if (text_.substr(from, to - from).find(mark) == std::string_view::npos) return;
    std::size_t waiting = out_.size();  // comments from here on have met no token yet
    const auto reached = [&](std::size_t offset) {
      for (; waiting < out_.size(); ++waiting)
        if (out_[waiting].first_line < 0) set(out_[waiting], of_line(line(offset)));
    };
    Lexer lexer(text_.substr(0, to), from);
    for (Lexeme token = lexer.next(); token.kind != Lexeme::Kind::end; token = lexer.next()) {
      if (token.kind != Lexeme::Kind::comment) {
        reached(token.offset);
        continue;
      }
      const auto at = token.text.find(mark);
      auto found = at == std::string_view::npos ? std::nullopt : directive(token.text.substr(at));
      if (!found) continue;
      const auto position = lines_.at(token.offset);
      found->what.place = {file_, position.line, position.column};
      if (!found->whole_file) {
        const std::optional<Part> part = where(token);
        if (part) set(found->what, *part);
        else found->what.first_line = -1;
      }
      out_.push_back(std::move(found->what));
    }
    reached(to);
  }

  static void set(Suppression& suppression, const Part& part) {
    suppression.first_line = part.first_line, suppression.first_column = part.first_column;
    suppression.last_line = part.last_line, suppression.last_column = part.last_column;
  }

  // Between the statements i - 1 and i.
  Part around(const Lexeme& comment, std::size_t i) const {
    if (i > 0 && of_statement(i - 1).last_line == line(comment.offset)) return of_statement(i - 1);
    if (i < statements_.size()) return of_statement(i);
    return of_line(line(comment.offset));  // nothing is behind it
  }

  std::optional<Part> inside(const Lexeme& comment) const {
    const auto code = text_.substr(0, comment.offset).find_last_not_of(" \t");
    if (code == std::string_view::npos || text_[code] == '\n') return std::nullopt;
    return of_line(line(comment.offset));
  }

  std::string_view text_;
  const std::string& file_;
  LineIndex lines_;
  std::vector<SourceStatement> statements_;
  std::vector<Suppression> out_;
};

}  // namespace

std::vector<Suppression> suppressions(std::string_view script, const std::string& file) {
  if (script.find(mark) == std::string_view::npos) return {};
  return Script(script, file).read();
}

std::vector<Suppression> line_suppressions(std::string_view text, const std::string& file) {
  std::vector<Suppression> out;
  if (text.find(mark) == std::string_view::npos) return out;
  std::vector<std::size_t> waiting;  // comments on lines of their own: for the next line that is none
  int number = 0;
  for (const auto whole_line : pgadvise::split(text, '\n')) {
    ++number;
    const auto line = trim(whole_line.substr(
        number == 1 && whole_line.starts_with(byte_order_mark) ? byte_order_mark.size() : 0));
    const bool comment =
        line.starts_with('#') || line.starts_with("//") || line.starts_with("--") || line.starts_with("/*");
    if (!line.empty() && !comment) {
      for (const auto i : waiting) out[i].first_line = out[i].last_line = number;
      waiting.clear();
    }
    const auto at = whole_line.find(mark);
    if (at == std::string_view::npos) continue;
    const auto before = trim(whole_line.substr(0, at));
    auto found =
        before.ends_with('#') || before.ends_with("//") || before.ends_with("--") || before.ends_with("/*")
            ? directive(whole_line.substr(at))
            : std::nullopt;
    if (!found) continue;
    found->what.place = {file, number, static_cast<int>(at) + 1};
    if (!found->whole_file) found->what.first_line = found->what.last_line = number;
    if (!found->whole_file && comment) waiting.push_back(out.size());
    out.push_back(std::move(found->what));
  }
  return out;
}

}  // namespace pgadvise::sql
