#include "deploy/commands/code_commands.h"

#include "base/text/text.h"
#include "deploy/shell/text_before.h"
#include "files/code_text.h"
#include "files/script_text.h"
#include "migrations/interface/tools.h"

namespace pgadvise::deploy {
namespace {

bool callee_character(char c) { return files::word_character(c) || c == '$' || c == '.'; }

// The function that a string is an argument of: "execSync" in `execSync("…`, "$" in $`…`.
std::string called_with(std::string_view code, std::size_t at) {
  while (at > 0 && std::string_view(" \t\r\n([").find(code[at - 1]) != std::string_view::npos) --at;
  std::size_t begin = at;
  while (begin > 0 && callee_character(code[begin - 1])) --begin;
  const std::string_view name = code.substr(begin, at - begin);
  return std::string(name.substr(name.rfind('.') + 1));
}

bool runs_commands(const std::string& function) {
  const std::string name = lower(function);
  return contains_any(name, {"exec", "spawn"}) || name.starts_with("run") ||
         is_one_of(name, {"$", "sh", "shell", "zx"});
}

// spawn("npx", ["drizzle-kit", "push"]): the strings of the array that follows.
std::string with_arguments(std::string_view code, const std::vector<files::StringLiteral>& literals,
                           std::size_t index) {
  std::string out = literals[index].value;
  for (std::size_t i = index + 1; i < literals.size(); ++i) {
    const auto between = code.substr(literals[i - 1].end, literals[i].offset - literals[i - 1].end);
    if (between.find_first_not_of(" \t\r\n,[") != std::string_view::npos) break;
    out += " " + literals[i].value;
  }
  return out;
}

// Where code inserts into drizzle's tracking table, and reads the journal and splits the files of
// migrations itself; npos if it does not. Code that only marks migrations as applied splits no files.
std::size_t journal_runner(std::string_view code, std::string_view table) {
  if (!contains(code, "_journal.json") || !contains(code, "statement-breakpoint"))
    return std::string_view::npos;
  constexpr std::size_t longest = 40;  // INSERT INTO "drizzle"."
  for (auto at = code.find(table); at != std::string_view::npos; at = code.find(table, at + 1))
    if (contains(lower(text_before(code, at, longest)), "insert into")) return at;
  return std::string_view::npos;
}

}  // namespace

std::vector<CodeCommand> commands_in_code(const std::string& content) {
  const std::string code = files::without_comments(content);
  const auto literals = files::string_literals(code);
  std::vector<CodeCommand> out;
  bool kit_api = false;
  for (std::size_t i = 0; i < literals.size(); ++i) {
    kit_api = kit_api || literals[i].value == "drizzle-kit/api";
    if (runs_commands(called_with(code, literals[i].offset)))
      out.push_back({literals[i].offset + 1, with_arguments(code, literals, i), {}});
  }
  // The project's own runner of drizzle's files.
  if (const auto at = code.find("readMigrationFiles(");
      at != std::string::npos && contains(code, "drizzle-orm"))
    out.push_back({at, "readMigrationFiles", {"drizzle-orm/migrator", "readMigrationFiles"}});
  for (const auto& table : migrations::migration_tool("drizzle")->facts.tables)
    if (const auto at = journal_runner(code, table.name); at != std::string_view::npos)
      out.push_back({at, std::string(table.name), {"drizzle-orm/migrator", "_journal.json"}});
  if (!kit_api) return out;
  for (auto at = code.find("pushSchema"); at != std::string::npos; at = code.find("pushSchema", at + 1)) {
    const auto after = code.find_first_not_of(" \t", at + 10);
    if (after != std::string::npos && code[after] == '(' && !contains(text_before(code, at, 9), "function")) {
      out.push_back({at, "pushSchema", {"drizzle-kit/api", "pushSchema"}});
      break;
    }
  }
  return out;
}

}  // namespace pgadvise::deploy
