#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/text/text.h"
#include "deploy/commands/entry_points.h"
#include "deploy/connections/connections.h"
#include "deploy/connections/database_urls.h"
#include "deploy/shell/text_before.h"
#include "files/code_text.h"
#include "files/files.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t max_timeouts = 64;
constexpr std::size_t max_statement = 1000;  // bytes of a statement before its setting

bool may_set_timeouts(std::string_view name) {
  static constexpr auto tails = word_list(".ts", ".js", ".mjs", ".cjs", ".mts", ".cts", ".py", ".rb");
  return ends_with_any(name, tails);
}

// Files by whose settings a migration tool connects.
bool configures_tool(std::string_view path) {
  static constexpr auto names = word_list(
      "drizzle.config", "knexfile", "prisma.config", "ormconfig", "data-source", "datasource", "database.yml",
      "settings.py", "sequelize.config", "database.js", "database.ts", "mikro-orm.config");
  const std::string name = lower(files::base_of(path));
  return contains_any(name, names) || path.ends_with("config/config.js") ||
         path.ends_with("alembic/env.py") || path.ends_with("migrations/env.py") ||
         path.ends_with("settings/production.py") || (may_set_timeouts(name) && contains(name, "migrat"));
}

bool configures_deployment(std::string_view path) {
  static constexpr auto tails =
      word_list(".yml", ".yaml", ".toml", ".ini", ".sh", ".conf", ".properties", ".json");
  static constexpr auto samples = word_list("example", "sample", "template", "lock");
  const std::string name = lower(files::base_of(path));
  if (contains_any(name, samples)) return false;
  return is_environment_file(name) || name.starts_with("dockerfile") || name.ends_with(".dockerfile") ||
         name == "procfile" || name == "makefile" || ends_with_any(name, tails);
}

std::string_view line_around(std::string_view text, std::size_t at) {
  const auto from = at - line_before(text, at).size();
  return text.substr(from, std::min(text.find('\n', at), text.size()) - from);
}

// Milliseconds of "= '5s'", "%3D5s", ": 5000" or " TO '2 min'"; nullopt: no value that is understood.
std::optional<std::int64_t> value_at(std::string_view text, std::size_t at) {
  const auto skip = [&](std::string_view characters) {
    at = std::min(text.find_first_not_of(characters, at), text.size());
  };
  skip(" \t\"'`");
  const auto rest = lower(text.substr(at, 4));
  if (rest.starts_with("%3d")) at += 3;
  else if (rest.starts_with("to ")) at += 3;
  else if (!rest.empty() && (rest[0] == '=' || rest[0] == ':' || rest[0] == ',')) ++at;
  else return std::nullopt;
  skip(" \t\"'`\\");
  constexpr std::int64_t longest = 86'400'000;
  std::int64_t value = 0;
  for (; at < text.size() && value <= longest; ++at)
    if (is_digit(text[at])) value = 10 * value + (text[at] - '0');
    else if (value == 0 || text[at] != '_') break;
    else if (const auto group = text.substr(at + 1, 4);  // 5_000
             std::min(group.find_first_not_of("0123456789"), group.size()) != 3)
      return std::nullopt;
  if (value <= 0 || value > longest) return std::nullopt;
  skip(" ");
  const std::string unit = lower(text.substr(at, 3));
  if (unit.starts_with("ms")) return value;
  if (unit.starts_with("min")) return value * 60'000;
  if (unit.starts_with("s")) return value * 1000;
  return value;
}

// "ALTER ROLE", "ALTER DATABASE", for a setting in such a statement; "" for another one.
std::string altered(std::string_view text, std::size_t at) {
  const auto before = text_before(text, at, max_statement);
  const std::string head = lower(before.substr(before.rfind(';') + 1));  // npos + 1 is 0
  for (const auto& [words, what] : {std::pair{"alter role ", "ALTER ROLE"},
                                    {"alter user ", "ALTER ROLE"},
                                    {"alter database ", "ALTER DATABASE"}})
    if (contains(head, words) && contains(head, " set ")) return what;
  return {};
}

// Where the setting stands; "" if it is not one of a connection that runs migrations.
std::string source_of(const std::string& path, std::string_view text, std::size_t at) {
  if (std::string role = altered(text, at); !role.empty()) return role;
  if (path.ends_with(".sql")) return {};  // SET, which the replay of the migration follows
  const std::string_view line = line_around(text, at);
  if (contains(line, "PGOPTIONS")) return "PGOPTIONS";
  static constexpr auto url = word_list("postgres://", "postgresql://", "?options=", "&options=");
  if (contains_any(line, url)) return "the options of a connection URL";
  return configures_tool(path) ? std::string(files::base_of(path)) : std::string();
}

std::string unread_reason(files::Tree& tree, const std::string& path, const std::string& what) {
  if (what != "PGOPTIONS") return {};
  const files::Package* package = tree.package_of(files::folder_of(path));
  if (!package || !package->uses_drizzle) return {};
  const bool postgres_js = package->dependencies.count("postgres") && !package->dependencies.count("pg");
  return postgres_js ? "postgres.js does not read PGOPTIONS" : "";
}

void read_file(files::Tree& tree, const std::string& path, const std::string& text, Project& project) {
  const LineIndex lines(text);
  const bool code = may_set_timeouts(path);
  const files::CodeText source = code && !path.ends_with(".py") ? files::code_text(text) : files::CodeText();
  const std::string& searched = source.text.empty() ? text : source.text;
  for (const bool lock : {true, false}) {
    const std::string_view name = lock ? "lock_timeout" : "statement_timeout";
    for (auto at = searched.find(name); at != std::string::npos && project.timeouts.size() < max_timeouts;
         at = searched.find(name, at + 1)) {
      const bool encoded = at >= 3 && searched[at - 3] == '%';  // -c%20lock_timeout
      if (at > 0 && files::word_character(searched[at - 1]) && !encoded) continue;
      const auto value = value_at(searched, at + name.size());
      const auto line = trim(line_around(searched, at));
      if (!value || commented(searched, at) || line.starts_with("--")) continue;
      std::string what = source_of(path, searched, at);
      if (what.empty() || (!source.text.empty() && files::for_some_environments(source, at))) continue;
      std::string unread = unread_reason(tree, path, what);
      project.timeouts.push_back(
          {lock, *value, std::move(what), std::move(unread), location_at(path, lines, at)});
    }
  }
}

}  // namespace

void read_session_timeouts(files::Tree& tree, Project& project) {
  for (const auto& path : tree.files()) {
    const bool sql = path.ends_with(".sql");
    if (!sql && !configures_tool(path) && !configures_deployment(path)) continue;
    if (!target_of_file(path)) continue;
    const std::string* peeked = tree.peek(path);
    if (!peeked || (!contains(*peeked, "lock_timeout") && !contains(*peeked, "statement_timeout"))) continue;
    const std::string text = *peeked;  // gone with the next one
    read_file(tree, path, text, project);
  }
}

}  // namespace pgadvise::deploy
