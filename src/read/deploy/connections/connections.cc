#include "deploy/connections/connections.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text/text.h"
#include "deploy/commands/entry_points.h"
#include "deploy/connections/database_urls.h"
#include "deploy/shell/text_before.h"
#include "files/code_text.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t max_hits = 64;

bool is_code(std::string_view path) {
  static constexpr auto tails = word_list(".ts", ".js", ".mjs", ".cjs", ".mts", ".cts");
  return ends_with_any(path, tails) && !path.ends_with(".d.ts") && !path.ends_with(".min.js") &&
         !contains(path, ".test.") && !contains(path, ".spec.");
}

// Files that tell a deployment how to connect; no samples, nothing that people fill in.
bool is_configuration(std::string_view path) {
  static constexpr auto tails =
      word_list(".yml", ".yaml", ".toml", ".ini", ".conf", ".properties", ".sh", ".prisma");
  static constexpr auto samples =
      word_list("example", "sample", "template", "dist", "readme", "local", "lock", "default");
  const std::string name = lower(files::base_of(path));
  if (contains_any(name, samples)) return false;
  const bool docker =
      name == "dockerfile" || name.starts_with("dockerfile.") || name.ends_with(".dockerfile");
  return is_environment_file(name) || docker || ends_with_any(name, tails);
}

int number_at(std::string_view text, std::size_t at) {
  int value = 0;
  at = std::min(text.find_first_not_of(" \t\"'", at), text.size());
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  const bool whole = error == std::errc() && (end == text.data() + text.size() ||
                                              contains(" \t\r\n,;}\"'&)", std::string_view(end, 1)));
  return whole && value > 0 && value <= 100'000 ? value : 0;
}

void urls(const std::string& path, const std::string& text, Project& project) {
  const LineIndex lines(text);
  for (const DatabaseUrl& url : database_urls(text)) {
    if (commented(text, url.offset) || !remote_host(url.host)) continue;
    const std::string options = lower(url.options);
    const auto mode_at = options.find("sslmode=");
    const std::string mode =
        mode_at == std::string::npos
            ? ""
            : options.substr(mode_at + 8, std::min(options.find('&', mode_at), options.size()) - mode_at - 8);
    const bool off = mode == "disable" || contains(options, "ssl=false");
    if (!off && (contains(options, "ssl") && mode != "allow" && mode != "prefer")) continue;
    if (!off && contains_any(text, {"rejectUnauthorized", "PGSSLMODE", "ssl: {", "ssl: true",
                                    "ssl: 'require'", "connect_args"}))
      continue;
    project.insecure_connections.push_back(
        {off ? InsecureConnection::Kind::disabled : InsecureConnection::Kind::no_tls, std::string(url.host),
         key_before(text, url.offset), location_at(path, lines, url.offset)});
  }
}

// True for "production", "isProd" and "prodSettings"; false for "product".
bool names_production(std::string_view text) {
  for (auto at = text.find("prod"); at != std::string_view::npos; at = text.find("prod", at + 1)) {
    const auto rest = text.substr(at + 4);
    if (rest.starts_with("uction") || !rest.starts_with("uc")) return true;
  }
  return false;
}

// Whether the offset stands in a type declaration of TypeScript: interface X { … }, type X = { … }, the type
// behind the name of a parameter or variable. Nothing connects by a type.
bool in_type(const files::CodeText& code, std::size_t at) {
  for (const std::size_t open : files::open_brackets(code.plain, at)) {
    if (code.plain[open] != '{') continue;
    auto head = trim(line_before(code.plain, open));
    if (head.starts_with("export ")) head.remove_prefix(7);
    if (head.starts_with("interface ") || head.starts_with("type ") || head.starts_with("declare "))
      return true;
  }
  // A semicolon or a union follows the value in a type, and never in an object.
  const auto value = code.plain.find("false", at);
  const auto next = value == std::string::npos ? value : code.plain.find_first_not_of(" \t\r\n", value + 5);
  if (next == std::string::npos) return false;
  if (code.plain[next] == ';' || code.plain[next] == '|') return true;
  // ssl?: { rejectUnauthorized: false }, ssl: boolean | { … }
  const auto open = files::open_brackets(code.plain, at);
  if (open.empty() || code.plain[open.back()] != '{') return false;
  const auto before = trim(std::string_view(code.plain).substr(0, open.back()));
  return before.ends_with("?:") || before.ends_with("|");
}

// `ssl: { rejectUnauthorized: false }` of a PostgreSQL driver, but for development.
void unverified(const std::string& path, const std::string& text, Project& project) {
  static constexpr auto drivers = word_list("\"pg\"", "'pg'", "postgres", "typeorm", "sequelize",
                                            "drizzle-orm", "knex", "kysely", "PrismaPg");
  if (!contains_any(text, drivers)) return;
  const files::CodeText code = files::code_text(text);
  const LineIndex lines(text);
  for (const std::size_t at : occurrences(code.plain, "rejectUnauthorized", max_hits)) {
    const auto value = trim(std::string_view(code.plain).substr(at + 18, 10));
    if (!value.starts_with(":") || !trim(value.substr(1)).starts_with("false")) continue;
    const std::string head = lower(text_before(code.text, at, 80));
    if (in_type(code, at) || !contains(head, "ssl")) continue;  // of an HTTPS agent, mail, redis
    const auto before = text_before(code.text, at, files::code_window);
    const bool production = names_production(lower(before));
    // A setting of the user's chooses: "ssl === 'required' ? …".
    const bool chosen = contains_any(before, {"ssl ===", "sslMode", "SSL_MODE"});
    if (chosen || (!production && files::for_some_environments(code, at))) continue;
    project.insecure_connections.push_back(
        {InsecureConnection::Kind::not_verified, "", "rejectUnauthorized", location_at(path, lines, at)});
  }
}

// `new Pool({ … max: 20 })`, `postgres(url, { max: 20 })`, a number that stands there as it is.
void pools_in_code(files::Tree& tree, const std::string& path, const std::string& text, Project& project) {
  const bool node_postgres = contains_any(text, {"\"pg\"", "'pg'"});
  const bool postgres_js = contains_any(
      text, {"from \"postgres\"", "from 'postgres'", "require('postgres')", "require(\"postgres\")"});
  if (!node_postgres && !postgres_js) return;
  const files::CodeText code = files::code_text(text);
  const LineIndex lines(text);
  const auto look = [&](std::string_view call, const char* what) {
    for (const std::size_t at : occurrences(code.plain, call, max_hits)) {
      int depth = 0;
      const std::size_t last = std::min(code.plain.size(), at + 2000);
      for (std::size_t i = at + call.size() - 1; i < last; ++i) {
        if (code.plain[i] == '(' || code.plain[i] == '{') ++depth;
        if ((code.plain[i] == ')' || code.plain[i] == '}') && --depth == 0) break;
        const bool key = depth == 2 && code.plain.compare(i, 4, "max:") == 0 &&
                         contains(" \t\n{,", std::string_view(code.plain).substr(i - 1, 1));
        const int size = key ? number_at(code.plain, i + 4) : 0;
        if (size == 0 || files::for_some_environments(code, i)) continue;
        project.pools.push_back({size, what, folder_of_package(tree, path), location_at(path, lines, i)});
      }
    }
  };
  for (const auto* call : {"new Pool(", "new pg.Pool("})
    if (node_postgres) look(call, "max of node-postgres' Pool");
  if (postgres_js) look("postgres(", "max of postgres.js");
}

// SQLAlchemy's create_engine(url, pool_size=20, max_overflow=10). A negative overflow means any number: left
// out.
void pools_in_python(const std::string& path, const std::string& text, Project& project) {
  if (!contains(text, "sqlalchemy") || contains(text, "sqlite") || contains(text, "mysql")) return;
  constexpr int usual_size = 5, usual_overflow = 10;
  const LineIndex lines(text);
  for (const std::size_t at : occurrences(text, "_engine(", max_hits)) {
    const auto end = std::min(text.find("\n\n", at), at + 1000);
    const auto call = std::string_view(text).substr(at, end - at);
    const auto value = [&](std::string_view key, int usual) -> std::optional<int> {
      const auto found = call.find(key);
      if (found == std::string_view::npos) return usual;
      const int given = number_at(call, found + key.size());
      if (given == 0 && !trim(call.substr(found + key.size(), 4)).starts_with("0")) return std::nullopt;
      return given;
    };
    const bool given = contains_any(call, {"pool_size=", "max_overflow="});
    const auto size = value("pool_size=", usual_size), overflow = value("max_overflow=", usual_overflow);
    if (!given || !size || !overflow || *size == 0 || contains(call, "NullPool") || commented(text, at))
      continue;
    project.pools.push_back({*size + *overflow, "pool_size and max_overflow of SQLAlchemy",
                             std::string(files::folder_of(path)), location_at(path, lines, at)});
  }
}

// pool: of production in Rails' database.yml, or what it takes over from default.
void pool_of_rails(const std::string& path, const std::string& text, Project& project) {
  if (!contains(text, "postgresql")) return;
  const LineIndex lines(text);
  std::string section;
  int size = 0, usual = 0;
  std::size_t offset = 0, usual_offset = 0, at = 0;
  for (const auto line : split(text, '\n')) {
    const auto key = trim(line);
    if (!line.empty() && line[0] != ' ' && line[0] != '#') section = line.substr(0, line.find(':'));
    if (key.starts_with("pool:")) {
      const int found = number_at(line, line.find("pool:") + 5);
      if (section == "production" && size == 0) size = found, offset = at;
      if (section == "default") usual = found, usual_offset = at;
    }
    at += line.size() + 1;
  }
  if (size == 0) size = usual, offset = usual_offset;
  if (size == 0) return;
  const auto folder = files::folder_of(files::folder_of(path));
  project.pools.push_back({size, "pool of Rails", std::string(folder), location_at(path, lines, offset)});
}

// connection_limit of Prisma's URLs, and pgbouncer's default_pool_size.
void pools_in_configuration(files::Tree& tree, const std::string& path, const std::string& text,
                            Project& project) {
  const LineIndex lines(text);
  const auto look = [&](std::string_view key, const char* what) {
    for (const std::size_t at : occurrences(text, key, max_hits)) {
      const auto value = text.find_first_not_of(" \t", at + key.size());
      if (value == std::string::npos || (text[value] != '=' && text[value] != ':') || commented(text, at))
        continue;
      const int size = number_at(text, value + 1);
      if (size == 0) continue;
      project.pools.push_back({size, what, folder_of_package(tree, path), location_at(path, lines, at)});
    }
  };
  look("connection_limit", "connection_limit of Prisma");
  look("DEFAULT_POOL_SIZE", "DEFAULT_POOL_SIZE of PgBouncer");
  if (contains(lower(path), "pgbouncer")) look("default_pool_size", "default_pool_size of PgBouncer");
}

// spec.replicas of Kubernetes' Deployments, several to a file.
void replicas_of_deployments(const std::string& path, const std::string& text, Project& project) {
  const LineIndex lines(text);
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find("\n---", from), text.size());
    const auto root = files::parse_yaml(text.substr(from, end - from), path);
    if (root && files::yaml_text(files::yaml_member(*root, "kind")) == "Deployment") {
      const YAML::Node replicas = files::yaml_member(files::yaml_member(*root, "spec"), "replicas");
      const std::string name =
          files::yaml_text(files::yaml_member(files::yaml_member(*root, "metadata"), "name"));
      if (const int count = number_at(files::yaml_text(replicas), 0); count > 1 && !name.empty())
        project.instances.push_back(
            {count,
             "replicas of Deployment " + name,
             {},
             location_at(path, lines, from + files::yaml_offset(replicas, text.substr(from, end - from))),
             name});
    }
    from = end == text.size() ? end : std::min(text.find('\n', end + 1), text.size());
  }
}

// replicas of compose services that are built here, and fly's machines.
void instances(const std::string& path, const std::string& text, Project& project) {
  const std::string name = lower(files::base_of(path));
  const LineIndex lines(text);
  if (name == "fly.toml" || (name.starts_with("fly.") && name.ends_with(".toml"))) {
    const auto at = text.find("min_machines_running");
    const auto equals =
        at == std::string::npos || commented(text, at) ? std::string::npos : text.find('=', at);
    if (const int count = equals == std::string::npos ? 0 : number_at(text, equals + 1); count > 1)
      project.instances.push_back(
          {count, "min_machines_running", std::string(files::folder_of(path)), location_at(path, lines, at)});
    return;
  }
  if (contains(text, "kind: Deployment")) return replicas_of_deployments(path, text, project);
  const bool compose = (name.starts_with("docker-compose") || name.starts_with("compose")) &&
                       (name.ends_with(".yml") || name.ends_with(".yaml"));
  if (!compose || !contains(text, "replicas")) return;
  const auto root = files::parse_yaml(text, path);
  if (!root) return;  // read_compose_files says so
  for (const auto& [service, node] : files::yaml_entries(files::yaml_member(*root, "services"))) {
    const YAML::Node build = files::yaml_member(node, "build");
    const YAML::Node replicas = files::yaml_member(files::yaml_member(node, "deploy"), "replicas");
    const int count = number_at(files::yaml_text(replicas), 0);
    if (count < 2 || !build.IsDefined()) continue;
    project.instances.push_back({count, "replicas of service " + service,
                                 files::join_path(files::folder_of(path), files::yaml_text(build, "context")),
                                 location_at(path, lines, files::yaml_offset(replicas, text))});
  }
}

}  // namespace

bool is_address(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool private_address(std::string_view host) {
  const auto parts = split(host, '.');
  return is_address(host) && parts.size() == 4 &&
         (parts[0] == "10" || (parts[0] == "192" && parts[1] == "168") ||
          (parts[0] == "172" && parts[1].size() == 2 && parts[1] >= "16" && parts[1] <= "31"));
}

bool is_environment_file(std::string_view name) {
  return name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
}

bool remote_host(std::string_view written) {
  static constexpr auto near =
      word_list(".local", ".internal", ".flycast", ".localhost", ".lan", ".home", ".test", ".invalid",
                ".example", ".svc", ".cluster.local", ".localdomain", ".docker");
  static constexpr auto placeholders =
      word_list("example", "your", "hostname", "placeholder", "xxx", "changeme", "dummy", "project-ref",
                "ep-xxx", "[", "<", "{", "$", "my-", "...");
  const std::string host = lower(written);
  if (!contains(host, ".") || ends_with_any(host, near) || contains_any(host, placeholders)) return false;
  if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != std::string::npos) return false;
  if (is_address(host))
    return split(host, '.').size() == 4 && !private_address(host) && !host.starts_with("127.") &&
           !host.starts_with("169.254.") && !host.starts_with("0.") && host != "1.2.3.4" &&
           !host.starts_with("192.0.2.") && !host.starts_with("198.51.100.") &&
           !host.starts_with("203.0.113.");  // kept for documentation
  const auto top = host.substr(host.rfind('.') + 1);
  if (top.size() < 2 || host.starts_with("host.") || host == "db.com" || host == "host.com" ||
      contains(host, "cluster.local"))
    return false;
  return host.substr(0, host.find('.')) != "host";
}

void read_connections(files::Tree& tree, Project& project) {
  for (const auto& path : tree.files()) {
    const bool code = is_code(path);
    const bool python = path.ends_with(".py");
    const bool configuration = !code && is_configuration(path);
    if (!(code || configuration || python) || !target_of_file(path)) continue;
    const std::string* peeked = tree.peek(path);
    if (!peeked) continue;
    static constexpr auto marks =
        word_list("postgres://", "postgresql://", "postgres+", "postgresql+", "_engine(", "kind: Deployment",
                  "rejectUnauthorized", "connection_limit", "default_pool_size", "DEFAULT_POOL_SIZE",
                  "replicas", "min_machines_running");
    const bool rails = files::base_of(path) == "database.yml";
    const bool pool = rails || (code && (contains(*peeked, "Pool(") || contains(*peeked, "postgres(")));
    if (!pool && !contains_any(*peeked, marks)) continue;
    const std::string text = *peeked;  // gone with the next one
    urls(path, text, project);
    if (code) {
      unverified(path, text, project);
      pools_in_code(tree, path, text, project);
    } else if (python) {
      pools_in_python(path, text, project);
    } else {
      if (rails) pool_of_rails(path, text, project);
      pools_in_configuration(tree, path, text, project);
      instances(path, text, project);
    }
  }
}

}  // namespace pgadvise::deploy
