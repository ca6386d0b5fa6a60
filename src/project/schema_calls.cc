// Calls in application code by which an ORM changes the database until it fits the code: TypeORM's synchronize, Sequelize's
// sync(), MikroORM's updateSchema(). Read as text: a call counts unless something around it says that it is for development.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "project/resolver.h"
#include "project/script_text.h"

namespace pgadvise::project {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool name_character(char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

std::size_t past_space(std::string_view text, std::size_t at) { return std::min(text.find_first_not_of(" \t\r\n", at), text.size()); }

// A word of an identifier or string that names an environment: "isDev", "NODE_ENV", 'development', "testConfig".
bool names_environment(std::string_view text) {
  static constexpr std::array<std::string_view, 17> words = {"dev",   "development", "develop", "test", "tests", "testing", "e2e", "local", "mock",
                                                             "debug", "production",  "prod",    "env",  "environment", "spec", "memory", "sqlite"};
  std::string word;
  const auto known = [&] { return std::find(words.begin(), words.end(), word) != words.end(); };
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool boundary = !letter(c) || (upper && i > 0 && text[i - 1] >= 'a' && text[i - 1] <= 'z');
    if (boundary) {
      if (known()) return true;
      word.clear();
    }
    if (letter(c)) word += upper ? static_cast<char>(c + 32) : c;
  }
  return false;
}

// A file of nothing but hits is nobody's code.
constexpr std::size_t most_hits = 16;
constexpr std::size_t deepest = 64;
constexpr std::size_t window = 300;  // bytes of the text before a bracket that are looked at

struct Code {
  std::string text;   // without comments
  std::string plain;  // strings blanked as well
};

// The brackets that are open at an offset, outermost first.
std::vector<std::size_t> open_at(const std::string& plain, std::size_t offset) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < offset; ++i) {
    if (plain[i] == '{' || plain[i] == '(' || plain[i] == '[') out.push_back(i);
    if ((plain[i] == '}' || plain[i] == ')' || plain[i] == ']') && !out.empty()) out.pop_back();
  }
  if (out.size() > deepest) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(deepest));
  return out;
}

// Behind the last of these characters before an offset.
std::size_t begin_of_statement(const std::string& plain, std::size_t offset, std::string_view ends) {
  const std::size_t least = offset < window ? 0 : offset - window;
  const auto at = std::string_view(plain).substr(least, offset - least).find_last_of(ends);
  return at == std::string_view::npos ? least : least + at + 1;
}

// `if (isDev) {`, `development: {`, `const testOptions = {`, `...(local && {`; and a return that production takes before.
bool guarded(const Code& code, std::size_t offset) {
  constexpr std::size_t far = 20'000;
  for (const std::size_t open : open_at(code.plain, offset)) {
    std::size_t begin = begin_of_statement(code.plain, open, ";{}");
    if (trim(std::string_view(code.text).substr(begin, open - begin)).starts_with("else")) begin = open < window ? 0 : open - window;
    if (names_environment(std::string_view(code.text).substr(begin, open - begin))) return true;
    if (code.plain[open] != '{' || offset - open > far) continue;
    const auto inside = std::string_view(code.plain).substr(open, offset - open);
    const auto leaves = inside.rfind("return");
    if (leaves != std::string_view::npos && inside.find("NODE_ENV") < leaves) return true;
  }
  const std::size_t begin = begin_of_statement(code.plain, offset, ";{},\n");  // `isDev && sync()`
  return names_environment(std::string_view(code.text).substr(begin, offset - begin));
}

// `name: true`, perhaps with the key in quotes.
std::vector<std::size_t> set_to_true(const Code& code, std::string_view name) {
  std::vector<std::size_t> out;
  for (auto at = code.text.find(name); at != std::string::npos && out.size() < most_hits; at = code.text.find(name, at + 1)) {
    std::size_t after = at + name.size();
    if (at > 0 && name_character(code.text[at - 1])) continue;
    if (after < code.text.size() && (code.text[after] == '"' || code.text[after] == '\'')) ++after;
    after = past_space(code.text, after);
    if (after >= code.text.size() || code.text[after] != ':') continue;
    after = past_space(code.text, after + 1);
    if (code.text.compare(after, 4, "true") == 0 && (after + 4 >= code.text.size() || std::string_view(",}\n\r ;").find(code.text[after + 4]) != std::string_view::npos) &&
        code.text.compare(past_space(code.text, after + 4), 2, "&&") != 0)
      out.push_back(at);
  }
  return out;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Of a table alone (@Entity), or taken back further down.
bool of_connection(const Code& code, std::size_t offset, std::string_view name) {
  const auto open = open_at(code.plain, offset);
  for (auto it = open.rbegin(); it != open.rend(); ++it) {
    const std::size_t from = *it < 60 ? 0 : *it - 60;
    const std::string head = code.text.substr(from, *it - from);
    if (contains(head, "Entity(") || head.ends_with("Entity") || contains(head, "EntitySchema")) return false;
  }
  const std::string key(name);
  return !contains(code.text, key + " = false") && !contains(code.text, key + ": false") && !contains(code.text, key + ": process.env");
}

void typeorm(const Code& code, std::vector<CodeCommand>& out) {
  if (!contains(lower(code.text), "typeorm") && !contains(code.text, "\"entities\"")) return;
  for (const auto* name : {"synchronize", "dropSchema"})
    for (const auto at : set_to_true(code, name))
      if (of_connection(code, at, name) && !guarded(code, at)) out.push_back({at, std::string(name) + ": true", {"typeorm", name}});
}

void sequelize(const Code& code, std::vector<CodeCommand>& out) {
  if (!contains(lower(code.text), "sequelize")) return;
  for (auto at = code.plain.find(".sync("); at != std::string::npos && out.size() < most_hits; at = code.plain.find(".sync(", at + 1)) {
    const auto close = std::string_view(code.plain).substr(at + 6, window).find(')');
    if (close == std::string_view::npos) continue;
    const Code argument{code.text.substr(at + 6, close), code.plain.substr(at + 6, close)};
    const bool forced = !set_to_true(argument, "force").empty();
    const bool altered = !set_to_true(argument, "alter").empty();
    if ((forced || altered) && !guarded(code, at)) out.push_back({at + 1, "sync(", {"sequelize", "sync", forced ? "force" : "alter"}});
  }
}

void mikro_orm(const Code& code, std::vector<CodeCommand>& out) {
  if (!contains(lower(code.text), "mikro-orm") && !contains(lower(code.text), "mikroorm")) return;
  for (const auto* name : {".updateSchema(", ".refreshDatabase(", ".dropSchema("})
    for (auto at = code.plain.find(name); at != std::string::npos && out.size() < most_hits; at = code.plain.find(name, at + 1))
      if (!guarded(code, at)) {
        const std::string call(name + 1);
        out.push_back({at + 1, call, {"mikro-orm", call.substr(0, call.size() - 1)}});
      }
}

}  // namespace

std::vector<CodeCommand> schema_calls_in_code(const std::string& content) {
  static constexpr std::array<std::string_view, 6> marks = {"synchronize", "dropSchema", ".sync(", ".updateSchema(", ".refreshDatabase(", ".dropSchema("};
  std::vector<CodeCommand> out;
  if (std::none_of(marks.begin(), marks.end(), [&](std::string_view mark) { return contains(content, mark); })) return out;
  Code code{without_comments(content), {}};
  code.plain = code.text;
  for (const auto& literal : string_literals(code.text))
    for (std::size_t i = literal.offset + 1; i + 1 < literal.end && i < code.plain.size(); ++i)
      if (code.plain[i] != '\n') code.plain[i] = ' ';
  typeorm(code, out);
  sequelize(code, out);
  mikro_orm(code, out);
  return out;
}

}  // namespace pgadvise::project
