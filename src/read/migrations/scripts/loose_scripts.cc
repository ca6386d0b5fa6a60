#include "migrations/scripts/loose_scripts.h"

#include <algorithm>
#include <set>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

using sql::Lexeme;

enum class Effect { none, drops, other };

Effect effect_of(std::string_view statement) {
  sql::Lexer lexer(statement);
  const Lexeme first = lexer.next_token();
  if (first.is_one_of({"set", "reset", "begin", "start", "commit", "end"})) return Effect::none;
  if (first.is_word("drop")) return Effect::drops;
  if (!first.is_word("alter")) return Effect::other;
  bool drops = false;
  for (const Lexeme& token : lexer) {
    drops = drops || token.is_word("drop");
    if (token.is_one_of({"add", "set", "rename", "alter", "attach", "enable", "validate"}))
      return Effect::other;
  }
  return drops ? Effect::drops : Effect::other;
}

struct Tables {
  std::set<std::string> created, used;
};

// Reads a table's name, without its schema, behind IF [NOT] EXISTS and ONLY.
std::string table_name(sql::Lexer& lexer) {
  Lexeme token = lexer.next_token();
  while (token.is_one_of({"if", "not", "exists", "only"})) token = lexer.next_token();
  std::string name = token.name();
  for (sql::Lexer ahead = lexer; !name.empty() && ahead.next_token().is('.'); ahead = lexer) {
    lexer.next_token();
    name = lexer.next_token().name();
  }
  return name;
}

void add_tables(std::string_view script, Tables& out) {
  sql::Lexer lexer(script);
  Lexeme before, last;
  for (const Lexeme& token : lexer) {
    const bool table = token.is_word("table");
    if (table && (last.is_word("create") || (last.is_word("unlogged") && before.is_word("create"))))
      out.created.insert(table_name(lexer));
    else if ((table && last.is_word("alter")) || token.is_word("references"))
      out.used.insert(table_name(lexer));
    before = last;
    last = token;
  }
}

// `read`: the bytes that were read already, and after the call with those of these scripts.
Tables tables_of(const std::vector<std::string>& scripts, std::size_t& read) {
  constexpr std::size_t longest_head = 400'000, all_heads = 64u << 20;
  Tables tables;
  for (const auto& script : scripts) {
    if (read > all_heads) break;
    const std::string text = read_head(script, longest_head);
    read += text.size();
    if (!only_drops(text)) add_tables(text, tables);
  }
  return tables;
}

}  // namespace

bool only_drops(std::string_view script) {
  bool any = false;
  for (const auto& statement : sql::split(script)) {
    const Effect effect = effect_of(statement.text);
    if (effect == Effect::other) return false;
    any = any || effect == Effect::drops;
  }
  return any;
}

int SchemaScore::of(const std::vector<std::string>& scripts) {
  const Tables tables = tables_of(scripts, read_);
  const auto missing = std::ranges::count_if(
      tables.used, [&](const std::string& name) { return !tables.created.count(name); });
  return static_cast<int>(tables.created.size()) - static_cast<int>(missing);
}

std::set<std::string> created_tables(const std::vector<std::string>& scripts) {
  std::size_t read = 0;
  return tables_of(scripts, read).created;
}

}  // namespace pgadvise::migrations
