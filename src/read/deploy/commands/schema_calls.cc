#include "deploy/commands/schema_calls.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/code_text.h"

namespace pgadvise::deploy {
namespace {

bool name_character(char c) { return files::word_character(c) || c == '$'; }

std::size_t past_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// `name: true`, perhaps with the key in quotes.
std::vector<std::size_t> set_to_true(const files::CodeText& code, std::string_view name) {
  std::vector<std::size_t> out;
  for (auto at = code.text.find(name); at != std::string::npos && out.size() < max_hits;
       at = code.text.find(name, at + 1)) {
    std::size_t after = at + name.size();
    if (at > 0 && name_character(code.text[at - 1])) continue;
    if (after < code.text.size() && (code.text[after] == '"' || code.text[after] == '\'')) ++after;
    after = past_space(code.text, after);
    if (after >= code.text.size() || code.text[after] != ':') continue;
    after = past_space(code.text, after + 1);
    if (code.text.compare(after, 4, "true") == 0 &&
        (after + 4 >= code.text.size() ||
         std::string_view(",}\n\r ;").find(code.text[after + 4]) != std::string_view::npos) &&
        code.text.compare(past_space(code.text, after + 4), 2, "&&") != 0)
      out.push_back(at);
  }
  return out;
}

// Of a table alone (@Entity), or taken back further down.
bool of_connection(const files::CodeText& code, std::size_t offset, std::string_view name) {
  const auto open = files::open_brackets(code.plain, offset);
  for (auto it = open.rbegin(); it != open.rend(); ++it) {
    const std::size_t from = *it < 60 ? 0 : *it - 60;
    const std::string head = code.text.substr(from, *it - from);
    if (contains_any(head, {"Entity(", "EntitySchema"}) || head.ends_with("Entity")) return false;
  }
  const std::string key(name);
  return !contains_any(code.text, {key + " = false", key + ": false", key + ": process.env"});
}

void typeorm(const files::CodeText& code, std::vector<CodeCommand>& out) {
  if (!contains(lower(code.text), "typeorm") && !contains(code.text, "entities")) return;
  for (const auto* name : {"synchronize", "dropSchema"})
    for (const auto at : set_to_true(code, name))
      if (of_connection(code, at, name) && !files::for_some_environments(code, at))
        out.push_back({at, std::string(name) + ": true", {"typeorm", name}});
}

void sequelize(const files::CodeText& code, std::vector<CodeCommand>& out) {
  std::size_t seen = 0;
  for (auto at = code.plain.find(".sync("); at != std::string::npos && seen < max_hits;
       at = code.plain.find(".sync(", at + 1)) {
    const auto close = std::string_view(code.plain).substr(at + 6, files::code_window).find(')');
    if (close == std::string_view::npos) continue;
    const files::CodeText argument{code.text.substr(at + 6, close), code.plain.substr(at + 6, close)};
    const bool forced = !set_to_true(argument, "force").empty();
    const bool altered = !set_to_true(argument, "alter").empty();
    seen += forced || altered;
    if ((forced || altered) && !files::for_some_environments(code, at))
      out.push_back({at + 1, "sync(", {"sequelize", "sync", forced ? "force" : "alter"}});
  }
}

void mikro_orm(const files::CodeText& code, std::vector<CodeCommand>& out) {
  if (!contains_any(lower(code.text), {"mikro-orm", "mikroorm"})) return;
  std::size_t seen = 0;
  for (const auto* name : {".updateSchema(", ".refreshDatabase(", ".dropSchema("})
    for (auto at = code.plain.find(name); at != std::string::npos && seen++ < max_hits;
         at = code.plain.find(name, at + 1))
      if (!files::for_some_environments(code, at)) {
        const std::string call(name + 1);
        out.push_back({at + 1, call, {"mikro-orm", call.substr(0, call.size() - 1)}});
      }
}

}  // namespace

std::vector<CodeCommand> schema_calls_in_code(const std::string& content) {
  static constexpr auto marks =
      word_list("synchronize", "dropSchema", ".sync(", ".updateSchema(", ".refreshDatabase(", ".dropSchema(");
  std::vector<CodeCommand> out;
  if (!contains_any(content, marks)) return out;
  const files::CodeText code = files::code_text(content);
  typeorm(code, out);
  sequelize(code, out);
  mikro_orm(code, out);
  return out;
}

}  // namespace pgadvise::deploy
