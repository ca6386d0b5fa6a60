#include "files/code_text.h"

#include <algorithm>
#include <array>

#include "base/text/text.h"
#include "files/script_text.h"

namespace pgadvise::files {
namespace {

// env.DATABASE_URL: where to connect, not which environment it is.
bool names_address(std::string_view variable) {
  static constexpr std::array<std::string_view, 12> last = {"URL",      "URI",  "DSN",      "HOST",
                                                            "PORT",     "USER", "USERNAME", "PASS",
                                                            "PASSWORD", "NAME", "DATABASE", "STRING"};
  return is_one_of(variable.substr(variable.rfind('_') + 1), last);
}

// A word of an identifier or string that names an environment: "isDev", "NODE_ENV", 'development',
// "testConfig".
bool names_environment(std::string_view text) {
  static constexpr std::array<std::string_view, 17> words = {
      "dev",   "development", "develop", "test", "tests",       "testing", "e2e",    "local", "mock",
      "debug", "production",  "prod",    "env",  "environment", "spec",    "memory", "sqlite"};
  std::string word;
  const auto known = [&] { return is_one_of(word, words); };
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool boundary = !is_letter(c) || (upper && i > 0 && text[i - 1] >= 'a' && text[i - 1] <= 'z');
    if (boundary) {
      if (word == "env" && c == '.') {
        const auto variable = text.substr(
            i + 1, text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", i + 1) - i - 1);
        if (names_address(variable)) word.clear();
      }
      if (known()) return true;
      word.clear();
    }
    if (is_letter(c)) word += upper ? static_cast<char>(c + 32) : c;
  }
  return false;
}

constexpr std::size_t max_brackets = 64;

}  // namespace

std::vector<std::size_t> open_brackets(const std::string& plain, std::size_t offset) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < offset; ++i) {
    if (plain[i] == '{' || plain[i] == '(' || plain[i] == '[') out.push_back(i);
    if ((plain[i] == '}' || plain[i] == ')' || plain[i] == ']') && !out.empty()) out.pop_back();
  }
  if (out.size() > max_brackets)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(max_brackets));
  return out;
}

std::size_t begin_of_statement(const std::string& plain, std::size_t offset, std::string_view ends) {
  const std::size_t least = offset < code_window ? 0 : offset - code_window;
  const auto at = std::string_view(plain).substr(least, offset - least).find_last_of(ends);
  return at == std::string_view::npos ? least : least + at + 1;
}

std::optional<std::size_t> value_of(std::string_view text, std::string_view name, std::size_t from) {
  for (auto at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at > 0 && (word_character(text[at - 1]) || text[at - 1] == '$' || text[at - 1] == '.')) continue;
    std::size_t end = at + name.size();
    if (end < text.size() && (text[end] == '"' || text[end] == '\'')) ++end;
    end = std::min(text.find_first_not_of(" \t\r\n", end), text.size());
    if (end < text.size() && (text[end] == ':' || (text[end] == '=' && text.substr(end, 2) != "==")))
      return end + 1;
  }
  return std::nullopt;
}

bool for_some_environments(const CodeText& code, std::size_t offset) {
  constexpr std::size_t far = 20'000;
  for (const std::size_t open : open_brackets(code.plain, offset)) {
    std::size_t begin = begin_of_statement(code.plain, open, ";{}");
    if (trim(std::string_view(code.text).substr(begin, open - begin)).starts_with("else"))
      begin = open < code_window ? 0 : open - code_window;
    if (names_environment(std::string_view(code.text).substr(begin, open - begin))) return true;
    if (code.plain[open] != '{' || offset - open > far) continue;
    const auto inside = std::string_view(code.plain).substr(open, offset - open);
    const auto leaves = inside.rfind("return");
    if (leaves != std::string_view::npos && inside.find("NODE_ENV") < leaves) return true;
  }
  const std::size_t begin = begin_of_statement(code.plain, offset, ";{},\n");  // `isDev && sync()`
  return names_environment(std::string_view(code.text).substr(begin, offset - begin));
}

bool conditional(const CodeText& code, std::size_t offset) {
  for (const std::size_t open : open_brackets(code.plain, offset)) {
    if (code.plain[open] != '{') continue;
    const auto begin = begin_of_statement(code.plain, open, ";{}");
    const auto head = trim(std::string_view(code.plain).substr(begin, open - begin));
    for (const auto* word : {"if", "else", "switch", "case", "catch", "while"})
      if (head.starts_with(word)) return true;
  }
  const auto begin = begin_of_statement(code.plain, offset, ";{}\n");
  const auto head = trim(std::string_view(code.plain).substr(begin, offset - begin));
  return head.starts_with("if") || head.find("&&") != std::string_view::npos ||
         head.find('?') != std::string_view::npos;
}

CodeText code_text(const std::string& content) {
  CodeText code{without_comments(content), {}};
  code.plain = code.text;
  for (const auto& literal : string_literals(code.text))
    for (std::size_t i = literal.offset + 1; i + 1 < literal.end && i < code.plain.size(); ++i)
      if (code.plain[i] != '\n') code.plain[i] = ' ';
  return code;
}

}  // namespace pgadvise::files
