#include "pg/sandbox/sandbox_environment.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/mask.h"
#include "base/text/text.h"

extern char** environ;

namespace pgadvise::pg {
namespace {

namespace fs = std::filesystem;

constexpr auto of_others = word_list("mysql", "mysql2", "mariadb", "mongodb", "mongodb+srv", "redis",
                                     "rediss", "sqlserver", "mssql", "clickhouse", "amqp", "prisma+postgres");

// In names of variables with parts of an address: DB_HOST, TYPEORM_PORT.
constexpr auto owners =
    word_list("db", "database", "postgres", "postgresql", "pg", "typeorm", "sql", "sequelize", "rds");

// "postgresql" of "postgresql+psycopg2://…"; "" for another value.
std::string scheme_of(std::string_view value) {
  const auto end = value.find("://");
  if (end == std::string_view::npos || end == 0 || end > 40) return {};
  const auto scheme = value.substr(0, end);
  const bool plain = std::ranges::all_of(
      scheme, [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.' || c == ':'; });
  return plain ? lower(scheme) : std::string();
}

std::string url(const SandboxAddress& to, std::string_view scheme) {
  return fmt::format("{}://{}:{}@{}:{}/{}", scheme, to.user, to.password, to.host, to.port, to.database);
}

std::string jdbc_url(const SandboxAddress& to, std::string_view scheme) {
  return fmt::format("{}://{}:{}/{}?user={}&password={}", scheme, to.host, to.port, to.database, to.user,
                     to.password);
}

// The address in the form of `value`; nullopt for an address of another kind.
std::optional<std::string> in_form_of(std::string_view value, const SandboxAddress& to) {
  const std::string scheme = scheme_of(value);
  if (!scheme.empty()) {
    const std::string first = scheme.substr(0, scheme.find_first_of("+:"));
    if (scheme.starts_with("jdbc:") || scheme.starts_with("r2dbc:")) return jdbc_url(to, scheme);
    if (is_one_of(first, {"postgres", "postgresql", "cockroachdb", "pgsql"})) return url(to, scheme);
    if (is_one_of(scheme, of_others) || is_one_of(first, of_others)) return scheme + "://127.0.0.1:1/none";
    return std::nullopt;
  }
  const std::string lowered = lower(value);
  const bool names_host = contains(lowered, "host=") || contains(lowered, "server=");
  if (names_host && contains(value, ";"))
    return fmt::format("Host={};Port={};Database={};Username={};Password={}", to.host, to.port, to.database,
                       to.user, to.password);
  if (names_host && looks_like_conninfo(value))
    return fmt::format("host={} port={} dbname={} user={} password={}", to.host, to.port, to.database,
                       to.user, to.password);
  return std::nullopt;
}

// "DB_HOST" and the like; nullopt for another name.
std::optional<std::string> part_for(std::string_view name, const SandboxAddress& to) {
  const std::string lowered = lower(name);
  const auto words = split(lowered, '_');
  if (words.size() < 2) return std::nullopt;
  const bool owned =
      std::any_of(words.begin(), words.end() - 1, [&](auto word) { return is_one_of(word, owners); });
  const std::string_view last = words.back();
  if (!owned) return std::nullopt;
  if (is_one_of(last, {"host", "hostname", "server"})) return to.host;
  if (last == "port") return std::to_string(to.port);
  if (is_one_of(last, {"user", "username"})) return to.user;
  if (is_one_of(last, {"password", "pass", "passwd", "pwd"})) return to.password;
  if (is_one_of(last, {"name", "database", "db", "dbname"})) return to.database;
  if (last == "ssl") return "false";
  if (last == "sslmode") return "disable";
  return std::nullopt;
}

// Of libpq; a few that have nothing to do with it may go, too.
bool of_libpq(std::string_view name) {
  return name.starts_with("PG") && !name.starts_with("PGADVISE") &&
         std::ranges::all_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Names and values of a .env file, as far as their form tells.
Variables read_env_file(const std::string& text) {
  constexpr std::size_t most = 2'000;
  Variables out;
  for (const auto line : split(text, '\n')) {
    std::string_view rest = trim(line);
    if (rest.starts_with("export ")) rest = trim(rest.substr(7));
    const auto equals = rest.find('=');
    if (rest.empty() || rest[0] == '#' || equals == std::string_view::npos || out.size() >= most) continue;
    const auto name = trim(rest.substr(0, equals));
    auto value = trim(rest.substr(equals + 1));
    const bool plain =
        !name.empty() && std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '_'; });
    if (!plain) continue;
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    out.emplace_back(name, value);
  }
  return out;
}

}  // namespace

Variables sandbox_environment(const Variables& environment, const std::vector<std::string>& env_files,
                              const SandboxAddress& sandbox) {
  std::map<std::string, std::string> out;
  std::set<std::string> known;
  const auto points_to_sandbox = [&](const std::string& name, const std::string& value) {
    auto text = in_form_of(value, sandbox);
    if (!text) text = part_for(name, sandbox);
    if (text) out[name] = std::move(*text);
    return text.has_value();
  };
  for (const auto& [name, value] : environment) {
    known.insert(name);
    if (!points_to_sandbox(name, value) && of_libpq(name)) out[name] = "";
  }
  for (const auto& text : env_files)
    for (const auto& [name, value] : read_env_file(text))
      if (!known.count(name) && !contains(value, "${")) points_to_sandbox(name, value);
  out["DATABASE_URL"] = url(sandbox, "postgresql");
  out["JDBC_DATABASE_URL"] = jdbc_url(sandbox, "jdbc:postgresql");
  out["PGHOST"] = sandbox.host;
  out["PGPORT"] = std::to_string(sandbox.port);
  out["PGUSER"] = sandbox.user;
  out["PGPASSWORD"] = sandbox.password;
  out["PGDATABASE"] = sandbox.database;
  out["PGSSLMODE"] = "disable";
  return {out.begin(), out.end()};
}

Variables own_environment() {
  Variables out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::vector<std::string> read_env_files(const std::vector<std::string>& folders) {
  constexpr std::size_t most_files = 50, most_bytes = std::size_t{1} << 20;
  std::vector<std::string> names;
  for (const auto& folder : folders) {
    std::error_code code;
    constexpr int most_entries = 10'000;
    int entries = 0;
    for (fs::directory_iterator it(folder, code), end; !code && it != end && entries < most_entries;
         it.increment(code), ++entries) {
      const std::string name = it->path().filename().string();
      if ((name == ".env" || name.starts_with(".env.")) && it->is_regular_file(code))
        names.push_back(it->path().string());
    }
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.size() > most_files) names.resize(most_files);
  std::vector<std::string> out;
  for (const auto& name : names)
    if (auto text = read_file(name, most_bytes)) out.push_back(std::move(*text));
  return out;
}

}  // namespace pgadvise::pg
