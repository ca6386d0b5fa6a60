#include "log/record/language.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text/text.h"
#include "log/lines/bytes.h"

namespace pgadvise::log {
namespace {

struct LevelWord {
  std::string_view word;
  Level level;
};

constexpr LevelWord level_words[] = {
#define LEVEL(level, word) {word, Level::level},
#include "log/record/server_words.def"
};
constexpr std::string_view duration_words[] = {
#define DURATION(word) word,
#include "log/record/server_words.def"
};
constexpr std::string_view unit_words[] = {
#define UNIT(word) word,
#include "log/record/server_words.def"
};
constexpr std::string_view statement_words[] = {
#define STATEMENT(word) word,
#include "log/record/server_words.def"
};
constexpr std::string_view fetch_words[] = {
#define FETCH(word) word,
#include "log/record/server_words.def"
};
constexpr std::string_view execute_words[] = {
#define EXECUTE(word) word,
#include "log/record/server_words.def"
};
constexpr std::string_view parameter_words[] = {
#define PARAMETERS(word) word,
#include "log/record/server_words.def"
};

// Takes one of `words` from the front of `text`.
template <std::size_t n>
bool take_word(std::string_view& text, const std::string_view (&words)[n]) {
  for (const auto word : words)
    if (!text.empty() && text.front() == word.front() && text.starts_with(word)) {
      text.remove_prefix(word.size());
      return true;
    }
  return false;
}

void skip_blanks(std::string_view& text, std::size_t most) {
  std::size_t count = 0;
  while (count < most && count < text.size() && text[count] == ' ') ++count;
  text.remove_prefix(count);
}

bool take_colon(std::string_view& text) {
  std::string_view rest = text;
  skip_blanks(rest, 1);
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  skip_blanks(rest, 1);
  text = rest;
  return true;
}

bool take_statement_label(std::string_view& text) {
  std::string_view rest = text;
  if (!take_word(rest, statement_words) || !take_colon(rest)) return false;
  text = rest;
  return true;
}

// "12.345" as the server writes it: the quotient of two numbers that are exact is the nearest one, as
// from_chars gives it.
bool take_thousandths(std::string_view& text, double& milliseconds) {
  constexpr std::size_t max_digits = 15;
  const char* at = text.data();
  const char* const end = at + text.size();
  std::uint64_t value = 0;
  for (; at < end && is_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
  const auto whole = static_cast<std::size_t>(at - text.data());
  if (whole == 0 || whole + 4 > max_digits || end - at < 4 || at[0] != '.' || !is_digit(at[1]) ||
      !is_digit(at[2]) || !is_digit(at[3]))
    return false;
  value = value * 1000 + static_cast<std::uint64_t>((at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0'));
  at += 4;
  if (at < end && is_digit(*at)) return false;
  text.remove_prefix(whole + 4);
  milliseconds = static_cast<double>(value) / 1000;
  return true;
}

std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  if (take_thousandths(text, value)) return value;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "12.345 ms" with what separates it from what follows.
std::optional<double> take_milliseconds(std::string_view& text) {
  std::string_view rest = text;
  const auto value = take_number(rest);
  if (!value) return std::nullopt;
  skip_blanks(rest, 2);
  if (!take_word(rest, unit_words)) return std::nullopt;
  if (rest.starts_with(',')) rest.remove_prefix(1);
  skip_blanks(rest, 2);
  text = rest;
  return value;
}

// Both a statement's and a portal's name may hold ": ", so the name ends at the first ": " before something
// that reads as SQL.
std::string_view after_name(std::string_view text) {
  std::optional<std::string_view> first;
  const std::size_t limit = std::min<std::size_t>(text.size(), 512);  // names have 63 bytes each
  for (std::size_t at = 0; (at = text.find(':', at)) < limit; ++at) {
    const std::string_view rest = text.substr(at + 1);
    if (!rest.empty() && rest.front() != ' ' && rest.front() != '\n') continue;
    const std::string_view sql = rest.substr(rest.starts_with(' ') ? 1 : 0);
    if (looks_like_sql(sql)) return sql;
    if (!first) first = sql;
  }
  return first.value_or(std::string_view{});
}

Message calls(std::string_view text) {
  Message out;
  if (take_statement_label(text)) {
    out.kind = Message::Kind::statement;
    out.sql = text;
  } else if (take_word(text, fetch_words)) {
    out.kind = Message::Kind::fetch;
    out.sql = after_name(text);
  } else if (take_word(text, execute_words) && text.starts_with(' ')) {
    out.kind = Message::Kind::execute;
    out.sql = after_name(text);
  }
  return out;
}

}  // namespace

std::string_view take_sqlstate_and_colon(std::string_view& message) {
  const std::string_view code = message.substr(0, 5);
  const auto of_code = [&](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
  if (message.substr(5, 2) != ": " || !std::all_of(code.begin(), code.end(), of_code) ||
      std::none_of(code.begin(), code.end(), is_digit))
    return {};
  message.remove_prefix(7);
  return code;
}

std::optional<Level> level_of(std::string_view word) {
  if (word == "LOG") return Level::log;
  // By length: asked of whatever stands before a colon when a prefix is looked for.
  static const auto by_length = [] {
    std::array<std::vector<const LevelWord*>, 64> out;
    for (const auto& known : level_words) out.at(known.word.size()).push_back(&known);
    return out;
  }();
  if (word.empty() || word.size() >= by_length.size()) return std::nullopt;
  for (const LevelWord* known : by_length[word.size()])
    if (known->word.front() == word.front() && known->word == word) return known->level;
  return std::nullopt;
}

std::optional<Level> take_level(std::string_view& text) {
  if (text.starts_with("LOG:  ")) {
    text.remove_prefix(6);
    return Level::log;
  }
  const std::size_t colon = text.substr(0, 64).find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view word = text.substr(0, colon);
  if (word.ends_with(' ')) word.remove_suffix(1);
  const auto level = level_of(word);
  if (!level) return std::nullopt;
  std::string_view rest = text.substr(colon + 1);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  skip_blanks(rest, 2);
  text = rest;
  return level;
}

bool holds_level(std::string_view line) {
  for (std::size_t at = 0; (at = line.find(":  ", at)) != std::string_view::npos; at += 3) {
    const std::string_view before = line.substr(0, at);
    for (const auto& known : level_words)
      if (before.ends_with(known.word)) return true;
  }
  return false;
}

bool looks_like_sql(std::string_view text) {
  static constexpr std::string_view verbs[] = {
      "abort",     "alter",    "analyse", "analyze", "begin",   "call",       "checkpoint", "close",
      "cluster",   "comment",  "commit",  "copy",    "create",  "deallocate", "declare",    "delete",
      "discard",   "do",       "drop",    "end",     "execute", "explain",    "fetch",      "grant",
      "import",    "insert",   "listen",  "load",    "lock",    "merge",      "move",       "notify",
      "prepare",   "reassign", "refresh", "reindex", "release", "reset",      "revoke",     "rollback",
      "savepoint", "security", "select",  "set",     "show",    "start",      "table",      "truncate",
      "unlisten",  "update",   "vacuum",  "values",  "with"};
  for (int comments = 0; comments < 16; ++comments) {
    while (!text.empty() && (static_cast<unsigned char>(text.front()) <= ' ' || text.front() == '('))
      text.remove_prefix(1);
    if (text.starts_with("/*") || text.starts_with("--")) {
      const bool block = text[0] == '/';
      const auto end = text.find(block ? std::string_view("*/") : std::string_view("\n"), 2);
      if (end == std::string_view::npos) return true;
      text.remove_prefix(end + (block ? 2 : 1));
      continue;
    }
    break;
  }
  std::size_t length = 0;
  while (length < text.size() && length < 12 &&
         ((text[length] | 0x20) >= 'a' && (text[length] | 0x20) <= 'z'))
    ++length;
  if (length == 0 ||
      (length < text.size() && (text[length] == '_' || text[length] == ':' || text[length] == '.')))
    return false;
  const std::string word = lower(text.substr(0, length));
  return std::binary_search(std::begin(verbs), std::end(verbs), std::string_view(word));
}

// Most lines of a log by far: "duration: 0.455 ms  statement: …", "duration: 0.455 ms  execute <unnamed>:
// select …".
static bool take_timed_statement(std::string_view text, Message& out) {
  constexpr std::string_view duration = "duration: ", statement = " ms  statement: ",
                             execute = " ms  execute <unnamed>: ";
  if (!log::starts_with(text, duration)) return false;
  text.remove_prefix(duration.size());
  double value = 0;
  if (!take_thousandths(text, value)) return false;
  // Field by field: a Message made elsewhere and copied would wait for its stores.
  out.duration_ms = value;
  if (log::starts_with(text, statement)) {
    out.kind = Message::Kind::statement;
    out.sql = text.substr(statement.size());
    return true;
  }
  if (log::starts_with(text, " ms  parse ") || log::starts_with(text, " ms  bind ")) {
    out.kind = Message::Kind::step;
    out.sql = {};
    return true;
  }
  if (!log::starts_with(text, execute)) return false;
  text.remove_prefix(execute.size());
  for (const std::string_view verb :
       {"select ", "SELECT ", "insert ", "INSERT ", "update ", "UPDATE ", "delete ", "DELETE "})
    if (log::starts_with(text, verb)) {
      out.kind = Message::Kind::execute;
      out.sql = text;
      return true;
    }
  return false;
}

void parse_message(std::string_view text, Message& out) {
  if (!take_timed_statement(text, out)) out = parse_message(text);
}

Message parse_message(std::string_view text) {
  if (Message out; take_timed_statement(text, out)) return out;
  std::string_view rest = text;
  if (!take_word(rest, duration_words)) return calls(text);
  if (!take_colon(rest)) skip_blanks(rest, 1);  // Swedish has no colon there
  const auto duration = take_milliseconds(rest);
  if (!duration) return {};
  Message out;
  if (rest.empty()) {
    out.kind = Message::Kind::duration;
  } else if (rest.starts_with("plan:")) {
    out.kind = Message::Kind::plan;
    out.sql = rest.substr(5);
  } else {
    out = calls(rest);
    if (out.kind == Message::Kind::other) out.kind = Message::Kind::step;
  }
  out.duration_ms = duration;
  return out;
}

std::optional<std::string_view> parameters_of(std::string_view detail) {
  if (!take_word(detail, parameter_words) || !take_colon(detail)) return std::nullopt;
  return detail;
}

}  // namespace pgadvise::log
