#include "sql/parse/placeholders.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {
namespace {

using Kind = Lexeme::Kind;

constexpr std::size_t longest = 60;
constexpr int max_depth = 8;  // of dollar quotes

struct Marks {
  std::string_view open, close;
};
constexpr std::array<Marks, 4> all_marks = {{{"${", "}"}, {"{{", "}}"}, {"<%", "%>"}, {"{%", "%}"}}};

bool begins_name(char c) { return is_letter(c) || c == '_'; }
bool in_name(char c) { return begins_name(c) || is_digit(c); }

// From `begin` to `end` with its marks.
struct Found {
  std::size_t begin = 0, end = 0;
  Marks marks;
};

std::optional<Found> placeholder_at(std::string_view text, std::size_t at) {
  for (const Marks& marks : all_marks) {
    if (!text.substr(at).starts_with(marks.open)) continue;
    const auto close = text.substr(at, longest + marks.close.size()).find(marks.close, marks.open.size());
    if (close != std::string_view::npos) return Found{at, at + close + marks.close.size(), marks};
  }
  return std::nullopt;
}

// The words of what is between the marks; none where it is a command of the template language.
std::vector<std::string> words_of(std::string_view inside, const Marks& marks) {
  constexpr auto commands =
      word_list("if", "else", "end", "range", "with", "each", "define", "template", "block", "include");
  if (marks.open == "{%" || contains(inside, "\n")) return {};
  if (marks.open == "<%" && !inside.starts_with("=")) return {};
  if (inside.starts_with("=") || inside.starts_with("-")) inside.remove_prefix(1);
  inside = trim(inside);
  if (inside.empty() || std::string_view("#/^!>&{%").find(inside.front()) != std::string_view::npos)
    return {};
  inside = inside.substr(0, inside.find(marks.open == "${" ? ':' : '|'));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < inside.size();) {
    const std::size_t start = i;
    while (i < inside.size() && in_name(inside[i])) ++i;
    if (i > start && begins_name(inside[start])) out.push_back(lower(inside.substr(start, i - start)));
    if (i == start) ++i;
  }
  if (!out.empty() && is_one_of(out.front(), commands)) return {};
  return out;
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  return out;
}

// Behind these a name follows.
bool names_follow(std::string_view word) {
  constexpr auto words = word_list("table", "exists", "into", "from", "update", "join", "references", "only",
                                   "schema", "index", "view", "sequence", "type", "function", "user",
                                   "constraint", "role", "database", "trigger", "procedure", "concurrently");
  return is_one_of(word, words);
}

// Words that SQL which pgadvise generates contains in lower case.
bool generated_word(std::string_view word) {
  constexpr auto words = word_list("public", "id", "text", "char", "varchar", "integer", "bigint", "smallint",
                                   "numeric", "uuid", "json", "jsonb", "boolean", "date", "time", "timestamp",
                                   "zone", "with", "now", "timestamptz", "interval", "gen_random_uuid");
  return is_one_of(word, words);
}

// Whether a word of a script is a key word there and no identifier, as far as that word and the one before it
// show: CREATE SCHEMA, ON SCHEMA. Only words that name kinds of objects are looked at: placeholders are named
// after these.
bool key_word(std::string_view before, std::string_view word) {
  constexpr auto reserved = word_list("user", "table", "column", "constraint");
  constexpr auto kinds = word_list("schema", "index", "view", "sequence", "type", "role", "database",
                                   "function", "trigger", "procedure", "owner");
  constexpr auto commands = word_list("create", "drop", "alter", "set", "on", "in", "replace", "comment");
  return is_one_of(word, reserved) || (is_one_of(word, kinds) && is_one_of(before, commands));
}

}  // namespace

// A placeholder, and the text around it.
struct Placeholders::Site {
  std::size_t begin = 0, end = 0;  // with quotes
  std::string written;             // without quotes
  std::string name;
  bool quoted = false;
};

// The last tokens before a placeholder.
struct Placeholders::Scan {
  std::string_view text;
  Lexeme last, before_last;
  std::string first_word;  // of the statement

  void took(const Lexeme& token) {
    if (token.is(';')) {
      *this = {text, token, {}, {}};
      return;
    }
    if (first_word.empty() && token.kind == Kind::word) first_word = lower(token.text);
    before_last = last;
    last = token;
  }
  bool glued_before(const Site& site) const {
    return last.kind == Kind::word && last.offset + last.text.size() == site.begin;
  }
  bool glued_after(const Site& site) const { return site.end < text.size() && in_name(text[site.end]); }
  bool qualifies(const Site& site) const {
    if (site.end + 1 >= text.size() || text[site.end] != '.') return false;
    return begins_name(text[site.end + 1]) || text[site.end + 1] == '"' || placeholder_at(text, site.end + 1);
  }
  bool names_something(const Site& site) const {
    if (qualifies(site)) return true;
    const Lexeme& behind = glued_before(site) ? before_last : last;
    if (behind.is('.')) return true;
    if (behind.kind != Kind::word) return false;
    const std::string word = lower(behind.text);
    if (word == "to") return first_word != "set";
    if (word == "on") return first_word != "select" && first_word != "with";
    return names_follow(word);
  }
};

bool has_marks(std::string_view text) {
  return std::ranges::any_of(all_marks, [&](const Marks& marks) { return contains(text, marks.open); });
}

void Placeholders::avoid_words(std::string_view script) {
  constexpr std::size_t max_words = 200'000;
  std::string before;
  for (std::size_t at = 0; at < script.size() && words_.size() < max_words;) {
    const std::string_view rest = script.substr(at);
    std::size_t end = at + 1;
    if (rest.starts_with("--")) {
      end = std::min(script.find('\n', at), script.size());
    } else if (rest.starts_with("/*")) {
      const auto close = script.find("*/", at + 2);
      end = close == std::string_view::npos ? script.size() : close + 2;
    } else if (const auto found = placeholder_at(script, at)) {
      end = found->end;
      while (end < script.size() && in_name(script[end])) ++end;
    } else if (in_name(script[at])) {
      while (end < script.size() && in_name(script[end])) ++end;
      const bool quoted = at > 0 && script[at - 1] == '"';
      std::string word = lower(script.substr(at, std::min(end - at, longest_identifier + 1)));
      if (word.size() <= longest_identifier && (quoted || !key_word(before, word))) words_.insert(word);
      before = std::move(word);
    }
    at = end;
  }
}

bool Placeholders::taken(const std::string& name) const {
  return used_.count(name) > 0 || words_.count(name) > 0 || generated_word(name);
}

std::string Placeholders::name_of(std::string_view inside, std::string_view written) {
  const auto marks =
      std::ranges::find_if(all_marks, [&](const Marks& each) { return written.starts_with(each.open); });
  const std::vector<std::string> words = words_of(inside, *marks);
  if (words.empty()) return {};
  const std::string key = without_blanks(written);
  if (const auto known = by_key_.find(key); known != by_key_.end()) return known->second;
  // None is longer than the marks and what is between them.
  const std::array<std::string, 4> candidates = {words.back(), join(words, "_"), words.back() + "_",
                                                 words.back() + "__"};
  const auto chosen = std::ranges::find_if(candidates, [&](const std::string& each) { return !taken(each); });
  if (chosen == candidates.end()) return {};
  const std::string& name = *chosen;
  used_.insert(name);
  filled_.emplace_back(written, name);
  by_key_.emplace(key, name);
  return name;
}

// A name with its quotes is never longer than the marks and what is between them.
void Placeholders::put(std::string& text, const Site& site, const Scan& scan) {
  const bool before = !site.quoted && scan.glued_before(site);
  const bool after = !site.quoted && scan.glued_after(site);
  const std::string name = before || after ? site.name : quote_identifier(site.name);
  const Lexeme& behind = before ? scan.before_last : scan.last;
  PlaceholderName known{text.substr(site.begin, site.end - site.begin), scan.qualifies(site),
                        !before && !after, !behind.is('.')};
  std::string identifier = site.name;
  if (before) {
    identifier = lower(scan.last.text) + identifier;
    known.written = std::string(scan.last.text) + known.written;
  }
  if (after) {
    std::size_t end = site.end;
    while (end < text.size() && in_name(text[end])) ++end;
    identifier += lower(text.substr(site.end, end - site.end));
    known.written += text.substr(site.end, end - site.end);
  }
  if ((before || after) && taken(identifier)) return;
  const auto [it, added] = names_.emplace(identifier, known);
  if (!added) {
    it->second.qualifier = it->second.qualifier && known.qualifier;
    it->second.unqualified = it->second.unqualified || known.unqualified;
  }
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(site.begin),
            text.begin() + static_cast<std::ptrdiff_t>(site.end), ' ');
  text.replace(after ? site.end - name.size() : site.begin, name.size(), name);
}

void Placeholders::fill_range(std::string& text, std::size_t from, std::size_t to, Strings strings,
                              int depth) {
  bool code = depth > 0;
  Scan scan{std::string_view(text).substr(0, to), {}, {}, {}};
  Lexer lexer(scan.text, from);
  for (const Lexeme& token : lexer) {
    const bool string = token.kind == Kind::string && token.text[0] == '\'';
    const bool quoted = token.kind == Kind::quoted_name || (string && (code || strings == Strings::fill));
    if (const auto body = token.dollar_quoted(); !body.empty() && code && depth < max_depth) {
      const auto begin = static_cast<std::size_t>(body.data() - text.data());
      fill_range(text, begin, begin + body.size(), strings, depth + 1);
    }
    const auto found = token.kind == Kind::string && !quoted
                           ? std::nullopt
                           : placeholder_at(scan.text, token.offset + (quoted ? 1 : 0));
    const char quote = quoted ? token.text[0] : '\0';
    if (found && (!quoted || (found->end < to && text[found->end] == quote))) {
      Site site{found->begin - (quoted ? 1 : 0), found->end + (quoted ? 1 : 0),
                text.substr(found->begin, found->end - found->begin), "", quoted};
      const std::string_view written = site.written;
      const auto& [open, close] = found->marks;
      const bool both = !quoted && scan.glued_before(site) && scan.glued_after(site);
      const bool value = string && strings == Strings::keep && !by_key_.count(without_blanks(written));
      if (!both && !value && (quoted || scan.names_something(site)))
        site.name =
            name_of(written.substr(open.size(), written.size() - open.size() - close.size()), written);
      if (string && !site.name.empty()) {
        std::string constant = "'" + site.name + "'";
        constant.resize(site.end - site.begin, ' ');
        text.replace(site.begin, constant.size(), constant);
      } else if (!site.name.empty()) {
        put(text, site, scan);
      }
      scan.took({Kind::quoted_name, scan.text.substr(site.begin, site.end - site.begin), site.begin});
      lexer = Lexer(scan.text, site.end);
      continue;
    }
    code = code || token.is_one_of({"do", "function", "procedure"});
    if (token.is(';') && depth == 0) code = false;
    scan.took(token);
  }
}

std::string Placeholders::fill(std::string_view script, Strings strings) {
  std::string out(script);
  if (!has_marks(script)) return out;
  avoid_words(script);
  fill_range(out, 0, out.size(), strings, 0);
  return out;
}

std::string first_placeholder(std::string_view text) {
  std::string plain(text);
  Lexer lexer(text);
  for (Lexeme token = lexer.next(); token.kind != Kind::end; token = lexer.next())
    if (token.kind == Kind::string || token.kind == Kind::comment)
      plain.replace(token.offset, token.text.size(), token.text.size(), ' ');
  for (const auto& [open, close] : all_marks) {
    const auto at = plain.find(open);
    const auto end = at == std::string::npos ? at : plain.find(close, at);
    if (end != std::string::npos && end - at < longest) return plain.substr(at, end + close.size() - at);
  }
  return {};
}

PutBack with_placeholders(const std::string& sql, const PlaceholderNames& names) {
  PutBack out;
  std::size_t copied = 0;
  Lexeme last, before_last;
  for (const Lexeme& token : Lexer(sql)) {
    const std::string name = token.name();
    const auto known = names.find(name);
    const std::size_t end = token.offset + token.text.size();
    const bool upper_case = token.kind == Kind::word && token.text != name;
    const bool after_dot = last.is('.');
    if (known != names.end() && !upper_case &&
        (!known->second.qualifier || (!after_dot && end < sql.size() && sql[end] == '.'))) {
      const bool in_public = after_dot && before_last.text == "public" && before_last.offset >= copied;
      const std::size_t from = in_public && known->second.unqualified ? before_last.offset : token.offset;
      out.sql += sql.substr(copied, from - copied) + known->second.written;
      out.any = true;
      out.whole = out.whole || (known->second.whole && !known->second.qualifier);
      copied = end;
    }
    before_last = last;
    last = token;
  }
  out.sql += sql.substr(copied);
  return out;
}

}  // namespace pgadvise::sql
