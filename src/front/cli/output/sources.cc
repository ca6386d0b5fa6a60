#include "cli/output/sources.h"

#include <algorithm>
#include <array>

#include "base/files/input_file.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "sql/parse/lexer.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;
using sql::Lexeme;

constexpr std::size_t file_limit = std::size_t{64} << 20;
constexpr std::size_t line_limit = 4000;  // bytes: more than any terminal shows of a line

// Words that a clause begins with: what is meant is all of it. Any other word is a name, and means itself.
bool begins_clause(const Lexeme& lexeme) {
  static constexpr std::array<std::string_view, 26> words = {
      "add",    "alter",   "attach",  "check",    "comment", "copy",   "create",   "delete",  "do",
      "drop",   "exclude", "foreign", "insert",   "lock",    "merge",  "primary",  "refresh", "reindex",
      "rename", "select",  "set",     "truncate", "unique",  "update", "validate", "with"};
  return std::ranges::any_of(words, [&](std::string_view word) { return lexeme.is_word(word); });
}

// Up to the comma, bracket or semicolon that ends it, or the line's end.
std::size_t clause_end(std::string_view line, std::size_t from) {
  sql::Lexer lexer(line, from);
  int depth = 0;
  std::size_t end = from;
  for (Lexeme lexeme = lexer.next_token(); lexeme.kind != Lexeme::Kind::end; lexeme = lexer.next_token()) {
    if (lexeme.is('(')) ++depth;
    if (lexeme.is(')') && depth-- == 0) break;
    if (lexeme.is(';') || (lexeme.is(',') && depth == 0)) break;
    end = lexeme.offset + lexeme.text.size();
  }
  return end;
}

std::size_t sql_end(std::string_view line, std::size_t from) {
  sql::Lexer lexer(line, from);
  const Lexeme first = lexer.next();
  if (first.kind == Lexeme::Kind::end || first.offset != from) return from;
  std::size_t end = first.offset + first.text.size();
  if (first.is_word("constraint")) {  // and its name
    const Lexeme name = lexer.next();
    if (name.kind == Lexeme::Kind::word || name.kind == Lexeme::Kind::quoted_name)
      end = name.offset + name.text.size();
    return end;
  }
  return begins_clause(first) ? clause_end(line, from) : end;
}

std::size_t word_end(std::string_view line, std::size_t from) {
  constexpr std::string_view ends = " \t\"'`,;(){}[]<>";
  if (ends.find(line[from]) != std::string_view::npos) return from + 1;
  return std::min(line.find_first_of(ends, from), line.size());
}

// The quote that is open at `at`; '\0': none.
char quote_at(std::string_view line, std::size_t at) {
  char open = '\0';
  for (std::size_t i = 0; i < at; ++i) {
    if (line[i] == '\\') ++i;
    else if (open ? line[i] == open : line[i] == '"' || line[i] == '\'') open = open ? '\0' : line[i];
  }
  return open;
}

// Behind the ] of the list that is open at `at`, or where the line ends.
std::size_t list_end(std::string_view line, std::size_t at) {
  char open = '\0';
  for (int depth = 1; at < line.size(); ++at) {
    if (line[at] == '\\') ++at;
    else if (open || line[at] == '"' || line[at] == '\'')
      open = open == line[at] ? '\0' : open ? open : line[at];
    else if (line[at] == '[') ++depth;
    else if (line[at] == ']' && --depth == 0) return at + 1;
  }
  return line.size();
}

// Is the quoted word at `from` one of a list's? ["npx", "drizzle-kit", "push"]
bool word_of_list(std::string_view line, std::size_t from) {
  if (from == 0 || (line[from - 1] != '"' && line[from - 1] != '\'')) return false;
  const std::string_view before = trim(line.substr(0, from - 1));
  return !before.empty() &&
         (before.back() == '[' || (before.back() == ',' && before.find('[') != std::string_view::npos));
}

// Up to what ends a command: the quote that it stands in, ; | && ||, a comment, what closes around it, or the
// line's end.
std::size_t command_end(std::string_view line, std::size_t from) {
  if (line[from] == '[') return list_end(line, from + 1);
  const char around = quote_at(line, from);
  if (word_of_list(line, from) && around) {
    const std::size_t close = line.find(around, from);
    if (line.substr(from, close - from).find(' ') == std::string_view::npos) {
      const std::size_t last =
          line.substr(0, list_end(line, std::min(close, line.size() - 1) + 1)).find_last_not_of(" \t]\"'");
      return last == std::string_view::npos || last < from ? word_end(line, from) : last + 1;
    }
  }
  std::size_t end = from;
  char open = '\0';
  for (; end < line.size(); ++end) {
    const char c = line[end], next = end + 1 < line.size() ? line[end + 1] : '\0';
    if (around && c == around) break;
    if (c == '\\' && next) {
      if (around && next == around) open = open ? '\0' : next;
      ++end;
      continue;
    }
    if (open || c == '"' || c == '\'') {
      open = open == c ? '\0' : open ? open : c;
      continue;
    }
    if (c == ';' || c == '|' || (c == '&' && next == '&') ||
        std::string_view(")]}").find(c) != std::string_view::npos)
      break;
    if ((c == ',' && (next == ' ' || next == '\0')) || (c == '#' && end > from && line[end - 1] == ' '))
      break;
  }
  end = std::min(end, line.size());
  while (end > from + 1 && std::string_view(" \t\\").find(line[end - 1]) != std::string_view::npos) --end;
  return std::max(end, from + 1);
}

Language language_of(const std::string& path) {
  static constexpr std::array<std::string_view, 9> code = {".ts",  ".js",  ".mts", ".mjs",   ".cts",
                                                           ".cjs", ".tsx", ".jsx", ".prisma"};
  const std::string extension = lower(fs::path(path).extension().string());
  if (extension == ".sql") return Language::sql;
  return std::ranges::find(code, extension) != code.end() ? Language::code : Language::commands;
}

// Nothing that is worth pointing at: blanks, ends of statements, a comment.
bool is_blank_or_comment(std::string_view rest) {
  rest = trim(rest);
  while (!rest.empty() && (rest.front() == ';' || rest.front() == ',')) rest = trim(rest.substr(1));
  return rest.empty() || rest.starts_with("--") || rest.starts_with("#");
}

// A password that what masks credentials does not know: PASSWORD 'x' in SQL, password: x in YAML, "password":
// "x" in JSON. Elsewhere whatever such a word stands in, masked already or not: tools take passwords in too
// many ways to know them all.
bool may_hold_secret(std::string_view line, bool sql) {
  const std::string words = lower(line);
  if (sql) return contains(words, "password") && line.find('\'') != std::string_view::npos;
  static constexpr std::array<std::string_view, 20> marks = {
      "pass",       "pwd",    "secret",        "token",  "_key",    "-key",     "apikey",
      "credential", "bearer", "authorization", "login",  "webhook", "hooks.",   "@tcp(",
      "dsn",        " -u ",   "mysql ",        "mongo ", "private", "signature"};
  return contains_any(words, marks);
}

// What a neighbouring line names may stand on a line of its own: `- name: PGPASSWORD` and `value: …`,
// `PASSWORD` and `'…'`.
bool names_secret(std::string_view line) {
  const std::string words = lower(line);
  for (const char* word : {"pass", "pwd", "secret", "token", "key:", "credential"})
    if (contains(words, word)) return true;
  return false;
}

}  // namespace

std::size_t span(std::string_view line, std::size_t from, Language language) {
  if (from >= line.size()) return 0;
  const std::size_t end = language == Language::sql        ? sql_end(line, from)
                          : language == Language::commands ? command_end(line, from)
                                                           : word_end(line, from);
  if (end <= from || (trim(line.substr(0, from)).empty() && is_blank_or_comment(line.substr(end)))) return 0;
  return end - from;
}

std::string_view Sources::File::line(int number) const {
  const std::size_t begin = starts[static_cast<std::size_t>(number - 1)];
  std::string_view out = std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  if (out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

const Sources::File* Sources::file(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second ? &*known->second : nullptr;
  auto& out = files_[path];
  std::error_code code;
  if (!fs::is_regular_file(path, code) || fs::last_write_time(path, code) > since_ || code) return nullptr;
  auto text = read_file(path, file_limit);
  if (!text || contains(std::string_view(*text).substr(0, 8192), std::string_view("\0", 1))) return nullptr;
  out.emplace();
  out->text = std::move(*text);
  out->starts.push_back(0);
  for (std::size_t at = 0; (at = out->text.find('\n', at)) != std::string::npos;) out->starts.push_back(++at);
  return &*out;
}

std::optional<report::Source> Sources::around(const Finding& finding, int lines) {
  if (!finding.in_file() || finding.location->line < 1) return std::nullopt;
  const SourceLocation& place = *finding.location;
  if ((!queries_ && !finding.subject.fingerprint.empty()) || hidden_.count(place.file)) return std::nullopt;
  const File* found = file(place.file);
  if (!found) return std::nullopt;
  const Language language = language_of(place.file);
  const int last = static_cast<int>(found->starts.size());
  if (place.line > last) return std::nullopt;
  report::Source out;
  out.line = place.line;
  out.first = std::max(1, place.line - lines);
  for (int number = out.first; number <= std::min(last, place.line + lines); ++number) {
    std::string_view line = found->line(number);
    const bool here = number == place.line;
    if (!here && number > place.line && trim(line).empty()) break;
    const bool named_beside =
        !here && ((number > 1 && names_secret(found->line(number - 1))) ||
                  (number < last && names_secret(found->line(number + 1))) || names_secret(line));
    if (named_beside || may_hold_secret(line, language == Language::sql)) {
      if (here) return std::nullopt;
      line = "…";
    }
    if (here && place.column > 0)
      out.from = std::min(static_cast<std::size_t>(place.column - 1), line.size());
    const std::size_t begin =
        here && out.from > line_limit / 2 ? character_begin(line, out.from - line_limit / 4) : 0;
    line = line.substr(begin, character_begin(line, std::min(line.size(), begin + line_limit)) - begin);
    if (here) out.from -= begin;
    constexpr std::string_view mark = "\xef\xbb\xbf";  // of UTF-8, which columns count
    if (number == 1 && line.starts_with(mark)) {
      line.remove_prefix(mark.size());
      if (here) out.from -= std::min(out.from, mark.size());
    }
    if (here && place.column > 0) out.bytes = span(line, out.from, language);
    const std::string masked = mask_credentials(line);
    if (here && masked != line) {
      const bool same = masked.compare(0, out.from + out.bytes, line, 0, out.from + out.bytes) == 0;
      if (!same) out.from = out.bytes = 0;
    }
    out.lines.push_back(masked);
  }
  return out;
}

}  // namespace pgadvise::cli
