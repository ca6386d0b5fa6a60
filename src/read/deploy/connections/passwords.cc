#include "deploy/connections/passwords.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "deploy/connections/connections.h"
#include "deploy/connections/database_urls.h"
#include "deploy/shell/shell.h"
#include "files/files.h"
#include "files/gitignore.h"
#include "files/json_file.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t max_json = 200'000;  // bytes; a larger file is data
constexpr std::size_t max_found = 200;

bool is_program(std::string_view path) {
  static constexpr auto tails =
      word_list(".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".py");
  return ends_with_any(path, tails);
}

// Files with settings and code, without samples.
bool is_read(std::string_view path) {
  static constexpr auto tails = word_list(".json", ".yml", ".yaml", ".toml", ".conf", ".ini", ".cfg",
                                          ".tfvars", ".properties", ".sh", ".prisma");
  static constexpr auto samples =
      word_list("example", "sample", "template", "readme", "lock.", "package.json", ".test.", ".spec.",
                ".min.", "dist", "mock", "fixture");
  const std::string name = lower(files::base_of(path));
  if (files::never_deployed(path) || files::deployed_by_others(path) || contains_any(name, samples))
    return false;
  if (is_environment_file(name)) return !contains(name, "test");
  return is_program(name) || name.starts_with("dockerfile") || ends_with_any(name, tails);
}

// A server of a private network, by its address or name; no container of this machine.
bool private_host(std::string_view written) {
  static constexpr auto tails =
      word_list(".internal", ".lan", ".svc", ".flycast", ".cluster.local", ".intranet");
  const std::string host = lower(written);
  if (!contains(host, ".") || host.ends_with(".docker.internal") ||
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != std::string::npos)
    return false;
  return is_address(host) ? private_address(host) : ends_with_any(host, tails) && !contains(host, "example");
}

bool is_placeholder(std::string_view written, std::string_view user) {
  static constexpr auto parts =
      word_list("password", "passwd", "changeme", "change_me", "change-me", "example", "your", "xxx",
                "placeholder", "dummy", "replace", "redacted", "hidden", "<", ">", "$", "{", "}", "[", "*",
                "...", "%s", "abc123", "fake", "mock", "…");
  static constexpr auto words =
      word_list("postgres", "postgresql", "pass", "pwd", "admin", "root", "test", "user", "secret", "1234",
                "12345", "123456", "pw", "todo", "none", "null");
  const std::string text = lower(written);
  if (text.size() < 4 || text == lower(user) || contains_any(text, parts)) return true;
  return is_one_of(text, words) || text.find_first_not_of(text.front()) == std::string::npos;
}

// A value without its quotes, and without the comma or semicolon behind it.
std::string_view unquoted(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of("\"'"), text.size());
  return text.substr(begin, text.find_last_not_of("\"',;") + 1 - begin);
}

struct Variable {
  std::string_view value;
  std::size_t offset = 0;
};

// NAME=value, NAME: value, export NAME="value"
std::map<std::string, Variable> variables_of(std::string_view text) {
  constexpr std::string_view first = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view later = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::map<std::string, Variable> out;
  std::size_t from = 0;
  for (const auto line : split(text, '\n')) {
    const auto begin = std::min(line.find_first_of(first), line.size());
    const auto end = std::min(line.find_first_not_of(later, begin), line.size());
    auto rest = trim(line.substr(end));
    if (rest.starts_with("\"")) rest = trim(rest.substr(1));
    if ((rest.starts_with("=") || rest.starts_with(":")) && !commented(text, from + 1)) {
      rest = trim(rest.substr(1));
      out.emplace(line.substr(begin, end - begin),
                  Variable{unquoted(trim(rest.substr(0, rest.find(" #")))), from + begin});
    }
    from += line.size() + 1;
  }
  return out;
}

struct File {
  const std::string& path;
  const std::string& text;
  LineIndex lines;

  SourceLocation at(std::size_t offset) const { return location_at(path, lines, offset); }
};

struct PasswordSearch {
  files::Tree& tree;
  const std::string& root;
  std::vector<CommittedPassword> out = {};
  std::map<std::string, bool> ignored = {};  // by file

  void run() {
    for (const auto& path : tree.files()) {
      if (out.size() >= max_found || !is_read(path)) continue;
      const std::string* peeked = tree.peek(path);
      if (!peeked) continue;
      const bool url = contains(*peeked, "postgres");
      const bool pair = contains_any(*peeked, {"PASSWORD", "\"password\""});
      if (!url && !pair) continue;
      const std::string text = *peeked;  // gone with the next one
      const File file{path, text, LineIndex(text)};
      if (url) urls(file);
      if (!pair) continue;
      if (path.ends_with(".json")) json(file);
      else if (!is_program(path)) variables(file), commands(file);
    }
  }

  void add_written(const drizzle::WrittenCredentials& written) {
    if (is_read(written.place.file))
      add(written.host, written.password, {}, "password", false, written.place);
  }

  void urls(const File& file) {
    for (const DatabaseUrl& url : database_urls(file.text))
      if (!url.password.empty() && !commented(file.text, url.offset))
        add(url.host, url.password, url.user, key_before(file.text, url.offset), true, file.at(url.offset));
  }

  // PGPASSWORD=… psql -h host -U user; export PGPASSWORD=… && psql -h host
  void commands(const File& file) {
    constexpr std::string_view name = "PGPASSWORD=";
    for (const std::size_t at : occurrences(file.text, name, max_found)) {
      const auto commands = parse_shell(file.text.substr(at, file.text.find('\n', at) - at));
      if (commands.empty() || commands[0].assignments.empty() || commented(file.text, at)) continue;
      const std::string& assigned = commands[0].assignments[0];
      if (!assigned.starts_with(name)) continue;  // a command in the value: PGPASSWORD=$(…)
      const auto client =
          std::ranges::find_if(commands, [](const auto& each) { return !each.words.empty(); });
      if (client == commands.end()) continue;
      const auto& words = client->words;
      std::string_view host, user;
      for (std::size_t i = 0; i < words.size(); ++i) {
        const auto next = i + 1 < words.size() ? std::string_view(words[i + 1]) : std::string_view();
        if (words[i] == "-h" || words[i] == "--host") host = next;
        else if (words[i].starts_with("--host=")) host = std::string_view(words[i]).substr(7);
        if (words[i] == "-U") user = next;
      }
      add(host, std::string_view(assigned).substr(name.size()), user, "PGPASSWORD", false, file.at(at));
    }
  }

  void variables(const File& file) {
    constexpr std::string_view tail = "PASSWORD";
    const auto known = variables_of(file.text);
    for (const auto& [name, variable] : known) {
      if (!name.ends_with(tail)) continue;
      const std::string base = name.substr(0, name.size() - tail.size());
      const bool postgres = contains_any(base, {"PG", "POSTGRES"}) ||
                            (contains_any(base, {"DB", "DATABASE"}) && contains(file.text, "postgres"));
      const auto user = known.find(base + "USER");
      for (const auto* other : {"HOST", "HOSTNAME", "SERVER", "ADDRESS"})
        if (const auto host = known.find(base + other); postgres && host != known.end()) {
          add(host->second.value, variable.value, user == known.end() ? "" : user->second.value, name, false,
              file.at(variable.offset));
          break;
        }
    }
  }

  // { "host": …, "password": …, "dialect": "postgres" }, as of Sequelize and TypeORM.
  void json(const File& file) {
    const std::string& text = file.text;
    if (text.size() > max_json || !contains(text, "\"host\"")) return;
    const files::Json document = parsed_json(text);
    std::vector<const files::Json*> open{&document};
    while (!open.empty()) {
      const files::Json& at = *open.back();
      open.pop_back();
      if (!at.is_structured()) continue;
      for (const auto& member : at) open.push_back(&member);
      if (!at.is_object()) continue;
      const std::string kind = files::text_member(at, "dialect") + files::text_member(at, "type") +
                               files::text_member(at, "client") + files::text_member(at, "driver");
      const std::string host = files::text_member(at, "host"), password = files::text_member(at, "password");
      if (host.empty() || password.empty() || !(contains(kind, "postgres") || kind == "pg")) continue;
      const std::size_t value = text.find("\"" + password + "\"");
      if (value == std::string::npos) continue;
      add(host, password, files::text_member(at, "username"), "password", false,
          file.at(std::min(text.rfind("\"password\"", value), value)));
    }
  }

  void add(std::string_view host, std::string_view password, std::string_view user, std::string entry,
           bool url, SourceLocation place) {
    const bool remote = remote_host(host);
    // "cool-darkness" stands in the provider's own documentation.
    if ((!remote && !private_host(host)) || is_placeholder(password, user) ||
        contains(host, "cool-darkness") || is_ignored(place.file))
      return;
    CommittedPassword found;
    found.host = std::string(host);
    found.entry = std::move(entry);
    found.url = url;
    found.public_host = remote;
    found.place = std::move(place);
    out.push_back(std::move(found));
  }

  bool is_ignored(const std::string& path) {
    const auto [entry, is_new] = ignored.try_emplace(path, false);
    if (is_new) entry->second = !files::ignoring_line(files::path_under(root, path)).empty();
    return entry->second;
  }
};

}  // namespace

std::vector<CommittedPassword> committed_passwords(files::Tree& tree, const std::string& root,
                                                   const std::vector<drizzle::WrittenCredentials>& written) {
  PasswordSearch search{tree, root};
  search.run();
  for (const auto& one : written) search.add_written(one);
  std::ranges::sort(search.out, {}, &CommittedPassword::place);
  return std::move(search.out);
}

}  // namespace pgadvise::deploy
