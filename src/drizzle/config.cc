#include "drizzle/config.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "files/files.h"
#include "files/script_text.h"
#include "sql/statement.h"

namespace pgadvise::project {
namespace {

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

// Where the value of `name:` (or `"name":`, `name =`) begins, from `from` on.
std::optional<std::size_t> value_of(std::string_view text, std::string_view name, std::size_t from) {
  for (auto at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at > 0 && (word_character(text[at - 1]) || text[at - 1] == '.')) continue;
    std::size_t end = at + name.size();
    if (end < text.size() && (text[end] == '"' || text[end] == '\'')) ++end;
    end = std::min(text.find_first_not_of(" \t\r\n", end), text.size());
    if (end < text.size() && (text[end] == ':' || (text[end] == '=' && text.substr(end, 2) != "=="))) return end + 1;
  }
  return std::nullopt;
}

// The strings of a value: up to the comma, bracket or line that ends it, all of an array's.
std::vector<std::string> strings_of(std::string_view text, std::size_t at) {
  constexpr std::size_t longest = 1 << 12;  // a quote that nobody closes does not take the whole file
  text = text.substr(0, at + longest);
  std::vector<std::string> out;
  int depth = 0;
  std::size_t end = at;
  for (bool quoted = false; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '"' || c == '\'' || c == '`') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '(' || c == '{') ++depth;
    if ((c == ']' || c == ')' || c == '}') && --depth < 0) break;
    if ((c == ',' || c == ';') && depth <= 0) break;
  }
  for (const auto& literal : string_literals(text.substr(at, end - at))) out.push_back(literal.value);
  return out;
}

std::optional<std::string> dialect_name(const std::string& value) {
  if (value == "postgresql" || value == "postgres" || value == "pg") return "postgresql";
  for (const auto* name : {"sqlite", "mysql", "turso", "singlestore", "gel", "mssql", "cockroach", "better-sqlite", "libsql",
                           "mysql2", "d1", "d1-http", "expo", "durable-sqlite"})
    if (value == name) return name;
  return std::nullopt;
}

std::string option_value(const std::vector<std::string>& words, std::string_view name) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == name && i + 1 < words.size()) return words[i + 1];
    if (words[i].compare(0, name.size() + 1, std::string(name) + "=") == 0) return words[i].substr(name.size() + 1);
  }
  return {};
}

}  // namespace

bool DrizzleConfig::postgresql() const {
  return dialects.empty() || std::find(dialects.begin(), dialects.end(), "postgresql") != dialects.end();
}

DrizzleConfig read_drizzle_config(const std::string& path, std::string_view text) {
  DrizzleConfig config{path, {}, {}, "drizzle"};
  const std::string code = without_comments(text);
  for (const auto* name : {"dialect", "driver"}) {
    for (auto at = value_of(code, name, 0); at; at = value_of(code, name, *at))
      for (const auto& value : strings_of(code, *at))
        if (const auto dialect = dialect_name(value)) config.dialects.push_back(*dialect);
    if (!config.dialects.empty()) break;
  }
  for (auto at = value_of(code, "schema", 0); at; at = value_of(code, "schema", *at))
    for (const auto& value : strings_of(code, *at))
      if (value.find_first_of("/*.") != std::string::npos) config.schema.push_back(value);
  if (const auto at = value_of(code, "out", 0))
    if (const auto values = strings_of(code, *at); !values.empty()) config.out = values.front();
  return config;
}

std::vector<DrizzleConfig> drizzle_configs(Tree& tree) {
  std::vector<DrizzleConfig> out;
  for (const auto& path : tree.files()) {
    const auto base = base_of(path);
    if (base.find("config") == std::string_view::npos || base.find('.') == std::string_view::npos) continue;
    const auto extension = base.substr(base.rfind('.'));
    if (extension != ".ts" && extension != ".js" && extension != ".mjs" && extension != ".cjs" && extension != ".mts" &&
        extension != ".json")
      continue;
    // Whatever its name, drizzle-kit's types or its own are what a config mentions.
    const std::string* text = tree.peek(path);
    if (!text || (base.substr(0, 7) != "drizzle" && text->find("\"drizzle-kit\"") == std::string::npos &&
                  text->find("'drizzle-kit'") == std::string::npos))
      continue;
    if ((text = tree.text(path))) out.push_back(read_drizzle_config(path, *text));
  }
  return out;
}

bool drizzle_is_postgresql(const std::vector<DrizzleConfig>& configs, const std::string& folder,
                           const std::vector<std::string>& words) {
  if (const auto named = dialect_name(option_value(words, "--dialect"))) return *named == "postgresql";
  for (const auto& word : words)  // push:sqlite, push:mysql of older versions
    if (word.compare(0, 5, "push:") == 0) return word == "push:pg";
  if (const auto file = option_value(words, "--config"); !file.empty()) {
    for (const auto& config : configs)
      if (config.path == join_path(folder, file) || base_of(config.path) == base_of(file)) return config.postgresql();
  }
  for (std::string_view at = folder;; at = folder_of(at)) {
    bool seen = false;
    for (const auto& config : configs) {
      if (folder_of(config.path) != at) continue;
      seen = true;
      if (config.postgresql()) return true;
    }
    if (seen) return false;
    if (at.empty()) break;
  }
  return configs.empty() ||
         std::any_of(configs.begin(), configs.end(), [](const DrizzleConfig& config) { return config.postgresql(); });
}

bool foreign_folder(std::string_view name) {
  static constexpr std::string_view whole[] = {"h2", "db2", "d1", "derby", "scylla", "spanner", "tidb", "libsql", "turso", "snowflake", "bigquery", "sql_server"};
  static constexpr std::string_view part[] = {"mysql", "mariadb", "sqlite", "hsqldb", "oracle", "mssql", "sqlserver", "clickhouse", "cassandra", "duckdb", "singlestore"};
  const std::string low = lower(name);
  if (low.find("postgres") != std::string::npos) return false;
  return std::find(std::begin(whole), std::end(whole), low) != std::end(whole) ||
         std::any_of(std::begin(part), std::end(part), [&](std::string_view word) { return low.find(word) != std::string::npos; });
}

// Without comments and strings, in which people write what they like.
static std::string plain_sql(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text.substr(at, 2) == "--") end = std::min(text.find('\n', at), text.size());
    else if (text.substr(at, 2) == "/*") end = std::min(text.find("*/", at + 2), text.size() - 2) + 2;
    else if (text[at] == '\'') end = std::min(text.find('\'', at + 1), text.size() - 1) + 1;
    else out += text[at];
    at = end;
  }
  return out;
}

std::string foreign_sql(std::string_view script) {
  struct Sign {
    std::string_view text;
    const char* database;
  };
  static constexpr Sign signs[] = {{"mergetree", "ClickHouse"}, {"lowcardinality(", "ClickHouse"}, {"`", "MySQL"}, {"auto_increment", "MySQL"},
                                   {"engine=innodb", "MySQL"}, {"engine = innodb", "MySQL"}, {"int unsigned", "MySQL"}, {"int(11)", "MySQL"}, {" tinyint", "MySQL"}, {" longtext", "MySQL"}, {" mediumtext", "MySQL"},
                                   {"on update current_timestamp", "MySQL"}, {"autoincrement", "SQLite"}, {"without rowid", "SQLite"}, {"nvarchar", "SQL Server"},
                                   {"[dbo]", "SQL Server"}, {"identity(1,1)", "SQL Server"}, {" datetime2", "SQL Server"}, {"varchar2(", "Oracle"},
                                   {" datetime not null", "MySQL or SQLite"}, {" datetime default", "MySQL or SQLite"}, {" datetime null", "MySQL or SQLite"}};
  std::map<std::string, int> foreign;
  int tables = 0;
  for (const auto& statement : sql::split(script)) {
    if (!starts_with_nocase(statement.text, "create table")) continue;
    ++tables;
    const std::string text = lower(plain_sql(statement.text));
    for (const auto& [sign, database] : signs)
      if (text.find(sign) != std::string::npos) {
        ++foreign[database];
        break;
      }
  }
  // SQLite's own way with a dump, and one that PostgreSQL has no word of.
  if (lower(script.substr(0, 4096)).find("pragma foreign_keys") != std::string::npos) return "SQLite";
  int all = 0;
  const char* most = "";
  for (const auto& [database, count] : foreign) {
    all += count;
    if (*most == 0 || count > foreign[most]) most = database.c_str();
  }
  return all * 2 > tables ? most : "";
}

bool node_is_postgresql(Tree& tree, const std::string& file, const std::string& folder) {
  const std::string* text = tree.text(file);
  const bool named = text && lower(*text).find("postgres") != std::string::npos;
  if (named) return true;
  if (text)
    for (const auto* other : {"mysql", "mariadb", "sqlite", "mssql", "mongodb", "oracle", "sqljs"})
      if (lower(*text).find(other) != std::string::npos) return false;
  const Package* package = tree.package_of(folder_of(file));
  if (!package) package = tree.package_of(folder);
  while (package && !package->dependencies.count("pg") && !package->folder.empty()) package = tree.package_of(folder_of(package->folder));
  if (!package || !package->dependencies.count("pg")) return false;
  for (const auto* other : {"mysql", "mysql2", "sqlite3", "better-sqlite3", "mssql"})
    if (package->dependencies.count(other)) return false;
  return true;
}

bool rails_is_postgresql(Tree& tree) {
  const std::string* gems = tree.text("Gemfile");
  if (!gems) return true;
  for (const auto* name : {"'pg'", "\"pg\"", "postgis"})
    if (gems->find(name) != std::string::npos) return true;
  return false;
}

bool prisma_is_postgresql(Tree& tree, const std::string& folder, const std::vector<std::string>& words) {
  std::string best = join_path(folder, option_value(words, "--schema"));
  if (!tree.has(best)) {
    best.clear();
    for (const auto& path : tree.files()) {
      if (base_of(path) != "schema.prisma") continue;
      const bool below = folder.empty() || path.compare(0, folder.size() + 1, folder + "/") == 0;
      if (best.empty() || below) best = path;
      if (below) break;
    }
  }
  const std::string* text = best.empty() ? nullptr : tree.text(best);
  if (!text) return true;
  const auto source = text->find("datasource");
  if (source == std::string::npos) return true;
  const auto at = value_of(*text, "provider", source);
  if (!at) return true;
  const auto line = text->substr(*at, text->find('\n', *at) - *at);
  return line.find("postgres") != std::string::npos || line.find("cockroachdb") != std::string::npos ||
         line.find("env(") != std::string::npos;
}

}  // namespace pgadvise::project
