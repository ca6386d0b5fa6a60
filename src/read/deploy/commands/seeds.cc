#include "deploy/commands/seeds.h"

#include <algorithm>

#include "base/text/text.h"
#include "deploy/shell/shell.h"
#include "deploy/shell/text_before.h"
#include "files/code_text.h"
#include "sql/parse/statement.h"

namespace pgadvise::deploy {
namespace {

// To the end of the statement that stands at `at`, as long as such chains are.
std::string_view rest_of_statement(const std::string& plain, std::size_t at) {
  constexpr std::size_t longest = 20'000;
  int depth = 0;
  std::size_t end = at;
  for (; end < plain.size() && end - at < longest; ++end) {
    const char c = plain[end];
    if (c == '(' || c == '{' || c == '[') ++depth;
    if ((c == ')' || c == '}' || c == ']') && --depth < 0) break;
    if (depth == 0 && c == ';') break;
    // Without semicolons: a line that does not go on with `.`
    if (depth == 0 && c == '\n' && end > at) {
      const auto next = plain.find_first_not_of(" \t\r\n", end);
      if (next != std::string::npos && plain[next] != '.') break;
    }
  }
  return std::string_view(plain).substr(at, end - at);
}

// The innermost function around a place: where its body begins; 0 outside of any.
std::size_t function_around(const files::CodeText& code, std::size_t at) {
  const auto open = files::open_brackets(code.plain, at);
  for (auto it = open.rbegin(); it != open.rend(); ++it) {
    if (code.plain[*it] != '{') continue;
    const std::size_t begin = files::begin_of_statement(code.plain, *it, ";{}");
    const auto head = trim(std::string_view(code.plain).substr(begin, *it - begin));
    if (head.ends_with("=>") || contains(head, "function") ||
        (head.ends_with(")") && !head.starts_with("for") && !head.starts_with("while") &&
         !head.starts_with("if")))
      return *it;
  }
  return 0;
}

// This call adds nothing twice: its own statement says so, or its function looks before it, or leaves before
// it.
bool adds_nothing_twice(const files::CodeText& code, std::size_t at) {
  static constexpr auto of_statement = word_list("onConflict", "skipDuplicates", "ignoreDuplicates",
                                                 "connectOrCreate", "orIgnore(", "orUpdate(");
  static constexpr auto looks =
      word_list("findFirst", "findUnique", "findOne", "findMany", "findBy", "findOrCreate", "findAll",
                "findAndCount", ".count(", "$count(", "exists(", "Exists(", ".select(", ".first(", ".query.",
                "return;", "process.exit(");
  static constexpr auto in_text =
      word_list("count(*)", "NOT EXISTS", "not exists", "on conflict", "ON CONFLICT");
  if (contains_any(rest_of_statement(code.plain, at), of_statement)) return true;
  std::size_t from = function_around(code, at);
  // A callback's loop looks outside of itself as well.
  while (from > 0 && contains(text_before(code.plain, from, 60), "=>")) {
    const auto outer = function_around(code, from);
    if (outer == from) break;
    from = outer;
  }
  return contains_any(std::string_view(code.plain).substr(from, at - from), looks) ||
         contains_any(std::string_view(code.text).substr(from, at - from), in_text);
}

std::string_view after(std::string_view text, std::size_t at) {
  const auto next = text.find_first_not_of(" \t\r\n", std::min(at, text.size()));
  return next == std::string_view::npos ? std::string_view{} : text.substr(next, 40);
}

bool part_of_name(char c) { return files::word_character(c) || c == '$'; }

// The names of what a method is called on, the nearest first: of `await this.db.query` query, db, this; of
// `knex(name)` knex.
std::vector<std::string_view> names_before(std::string_view plain, std::size_t at) {
  std::vector<std::string_view> out;
  const auto skip_space = [&] {
    while (at > 0 && (plain[at - 1] == ' ' || plain[at - 1] == '\n' || plain[at - 1] == '\t' ||
                      plain[at - 1] == '\r' || plain[at - 1] == '!' || plain[at - 1] == '?'))
      --at;
  };
  while (out.size() < 8) {
    skip_space();
    if (at > 0 && plain[at - 1] == ')') {
      int depth = 0;
      const std::size_t least = at < files::code_window ? 0 : at - files::code_window;
      do {
        --at;
        depth += plain[at] == ')' ? 1 : plain[at] == '(' ? -1 : 0;
      } while (depth > 0 && at > least);
    }
    const std::size_t end = at;
    while (at > 0 && part_of_name(plain[at - 1])) --at;
    if (at == end) break;
    out.push_back(plain.substr(at, end - at));
    skip_space();
    if (at == 0 || plain[at - 1] != '.') break;
    --at;
  }
  return out;
}

bool database_name(std::string_view name) {
  static constexpr auto names = word_list("db", "tx", "trx", "database", "knex", "drizzle");
  return is_one_of(name, names) || name.starts_with("prisma") ||
         (name.ends_with("Db") && name != "indexedDb") || name.ends_with("DB");
}

// Whether the argument names a table of drizzle: an import, a member of the schema, or a constant of this
// file. The key of a Map does not.
bool is_table(const files::CodeText& code, std::string_view argument) {
  const auto end = std::find_if_not(argument.begin(), argument.end(), part_of_name);
  const std::string name(argument.begin(), end);
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  if ((name == "schema" || name == "tables") && end != argument.end() && *end == '.') return true;
  for (auto at = code.plain.find(name); at != std::string::npos; at = code.plain.find(name, at + 1)) {
    if (at > 0 && part_of_name(code.plain[at - 1])) continue;
    if (at + name.size() < code.plain.size() && part_of_name(code.plain[at + name.size()])) continue;
    const auto before = text_before(code.plain, at, files::code_window);
    const auto import = before.rfind("import");
    if (import != std::string_view::npos && before.find(';', import) == std::string_view::npos &&
        before.find("from", import) == std::string_view::npos)
      return true;
    const auto made = after(code.plain, at + name.size());
    if (made.starts_with("=") && contains(made, "Table(")) return true;
  }
  return false;
}

// Deletes everything: `.deleteMany()`, `.deleteMany({})`, drizzle's `.delete(table)` without where, knex's
// `.del()` behind the table.
bool deletes_all(const files::CodeText& code, std::size_t at, std::string_view call) {
  const auto argument = after(code.plain, at + call.size());
  if (call == ".deleteMany(") {
    if (contains(code.text, "mongo")) return false;
    if (argument.starts_with(")")) return true;
    return argument.starts_with("{") && after(argument, 1).starts_with("}");
  }
  if (call == ".del(")
    return argument.starts_with(")") &&
           !contains(std::string_view(code.plain)
                         .substr(files::begin_of_statement(code.plain, at, ";{}"), files::code_window),
                     ".where");
  if (call == ".delete(") {
    const auto close = std::string_view(code.plain).substr(at, files::code_window).find(')');
    const bool chained =
        close != std::string_view::npos && after(code.plain, at + close + 1).starts_with(".");
    const auto receiver = names_before(code.plain, at);
    return close != std::string_view::npos && !chained && !receiver.empty() &&
           database_name(receiver.front()) && is_table(code, argument);
  }
  return true;
}

// A name of drizzle-seed called: `reset(`, `await seed(`.
bool calls(const files::CodeText& code, std::size_t at) {
  const char before = at == 0 ? ' ' : code.plain[at - 1];
  if (before != ' ' && before != '\n' && before != '(') return false;
  return !std::string_view(code.plain)
              .substr(files::begin_of_statement(code.plain, at, ";{}\n"))
              .starts_with("import") &&
         !contains(text_before(code.plain, at, 12), "function");
}

bool runs_sometimes(const files::CodeText& code, std::size_t at) {
  return files::conditional(code, at) || files::for_some_environments(code, at);
}

std::vector<CodeCommand> wipes(const files::CodeText& code) {
  for (const std::string_view call : {".deleteMany(", ".del(", ".delete("})
    for (const auto at : occurrences(code.plain, call, max_hits))
      if (deletes_all(code, at, call) && !runs_sometimes(code, at))
        return {{at + 1, std::string(call.substr(1)), {"seed", "wipe"}}};
  if (contains(code.text, "drizzle-seed"))
    for (const auto at : occurrences(code.plain, "reset(", max_hits))
      if (calls(code, at) && !runs_sometimes(code, at)) return {{at, "reset(", {"seed", "wipe"}}};
  for (const std::string_view verb : {"TRUNCATE ", "truncate table", "DROP SCHEMA", "drop schema",
                                      "DROP DATABASE", "DROP TABLE", "drop table"})
    for (const auto at : occurrences(code.text, verb, max_hits))
      if (code.plain.compare(at, verb.size(), code.text, at, verb.size()) != 0 && !runs_sometimes(code, at))
        return {{at, std::string(verb), {"seed", "wipe"}}};
  return {};
}

std::vector<CodeCommand> inserts(const files::CodeText& code) {
  if (contains(code.text, "drizzle-seed"))
    for (const auto at : occurrences(code.plain, "seed(", max_hits))
      if (calls(code, at) && !runs_sometimes(code, at)) return {{at, "seed(", {"seed", "insert"}}};
  for (const std::string_view call : {".createMany(", ".bulkCreate(", ".bulkInsert(", ".create(", ".insert("})
    for (const auto at : occurrences(code.plain, call, max_hits)) {
      const auto receiver = names_before(code.plain, at);
      // Prisma, drizzle, sequelize and knex; not Object.create, ctx.cache.create …
      const bool database = std::any_of(receiver.begin(), receiver.end(), database_name) ||
                            call == ".bulkInsert(" || call == ".bulkCreate(" || call == ".createMany(";
      if (database && !runs_sometimes(code, at) && !adds_nothing_twice(code, at))
        return {{at + 1, std::string(call.substr(1)), {"seed", "insert"}}};
    }
  return {};
}

// "seedUsers" -> "seed Users"
std::string without_camel_case(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z' && !out.empty() && out.back() >= 'a' && out.back() <= 'z') out += ' ';
    out += c;
  }
  return out;
}

}  // namespace

bool named_for_seeding(std::string_view name) {
  static constexpr auto words =
      word_list("seed", "seeds", "seeder", "seeders", "seeding", "reset", "truncate", "wipe", "fixtures",
                "populate", "dummy", "fake", "nuke", "reseed", "sample");
  return has_word(without_camel_case(name), words);
}

bool named_for_emptying(std::string_view name) {
  static constexpr auto words = word_list("clear", "cleardb", "drop", "dropdb", "empty", "purge");
  static constexpr auto short_lived =
      word_list("cache", "caches", "session", "sessions", "lock", "locks", "queue", "queues", "job", "jobs",
                "token", "tokens", "tmp", "temp");
  const std::string text = without_camel_case(name);
  return has_word(text, words) && !has_word(text, short_lived);
}

std::vector<CodeCommand> seeds_in_code(const std::string& content) {
  const files::CodeText code = files::code_text(content);
  if (contains(code.text, "NODE_ENV")) return {};
  auto out = wipes(code);
  return out.empty() ? inserts(code) : out;
}

std::vector<CodeCommand> seeds_in_sql(const std::string& script) {
  std::vector<CodeCommand> out;
  std::vector<std::pair<std::string, std::size_t>> dropped;
  const auto table_of = [](const std::string& statement) {
    std::string name;
    for (const auto word : split(statement, ' '))
      if (!word.empty() && word != "create" && word != "drop" && word != "table" && word != "if" &&
          word != "not" && word != "exists" && word != "only") {
        name = word.substr(0, word.find('('));
        break;
      }
    return name;
  };
  for (const auto& statement : sql::split(script)) {
    std::string text = lower(statement.text.substr(0, 400));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r' || c == '"'; },
        ' ');
    const bool empties =
        text.starts_with("truncate") || text.starts_with("drop schema") ||
        text.starts_with("drop database") ||
        (text.starts_with("delete from") && !contains(text, "where") && !contains(text, "using"));
    if (empties) return {{statement.offset, std::string(statement.text.substr(0, 40)), {"seed", "wipe"}}};
    if (text.starts_with("drop table") && dropped.size() < 1000)
      dropped.emplace_back(table_of(text), statement.offset);
    if (!text.starts_with("create table")) continue;
    for (const auto& [name, offset] : dropped)
      if (!name.empty() && name == table_of(text)) return {{offset, "DROP TABLE", {"seed", "wipe"}}};
  }
  return out;
}

}  // namespace pgadvise::deploy
