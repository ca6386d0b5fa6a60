#include "deploy/connections/passwords.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "deploy/connections/connections.h"
#include "deploy/connections/database_urls.h"
#include "files/files.h"
#include "files/gitignore.h"
#include "files/json_file.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t max_json = 200'000;  // bytes; a larger file is data
constexpr std::size_t max_found = 200;

bool is_code(std::string_view path) {
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
  return is_code(name) || name.starts_with("dockerfile") || ends_with_any(name, tails);
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

class Reader {
 public:
  Reader(files::Tree& tree, const std::string& root) : tree_(tree), root_(root) {}

  void read() {
    for (const auto& path : tree_.files()) {
      if (out_.size() >= max_found || !is_read(path)) continue;
      const std::string* peeked = tree_.peek(path);
      if (!peeked) continue;
      const bool url = contains(*peeked, "postgres");
      const bool pair = contains(*peeked, "PASSWORD") || contains(*peeked, "\"password\"");
      if (!url && !pair) continue;
      const std::string text = *peeked;  // gone with the next one
      const LineIndex lines(text);
      if (url) urls(path, text, lines);
      if (!pair) continue;
      if (path.ends_with(".json")) json(path, text, lines);
      else if (!is_code(path)) variables(path, text, lines), commands(path, text, lines);
    }
  }

  void add_written(const drizzle::WrittenCredentials& written) {
    if (is_read(written.place.file))
      add(written.host, written.password, {}, "password", false, written.place);
  }

  std::vector<CommittedPassword> take() {
    std::sort(out_.begin(), out_.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
    return std::move(out_);
  }

 private:
  void urls(const std::string& path, const std::string& text, const LineIndex& lines) {
    for (const DatabaseUrl& url : database_urls(text)) {
      if (url.password.empty() || commented(text, url.offset)) continue;
      add(url.host, url.password, url.user, key_before(text, url.offset), true,
          location_at(path, lines, url.offset));
    }
  }

  struct Variable {
    std::string_view value;
    std::size_t offset = 0;
  };

  // NAME=value, NAME: value, export NAME="value"
  static std::map<std::string, Variable> variables_of(std::string_view text) {
    std::map<std::string, Variable> out;
    for (std::size_t from = 0; from < text.size();) {
      const auto end = std::min(text.find('\n', from), text.size());
      const auto line = text.substr(from, end - from);
      const auto name_at = line.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
      const auto name_end =
          line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", std::min(name_at, line.size()));
      if (name_end != std::string_view::npos && !commented(text, from + 1)) {
        auto rest = trim(line.substr(name_end));
        if (rest.starts_with("\"")) rest = trim(rest.substr(1));
        if (rest.starts_with("=") || rest.starts_with(":")) {
          rest = trim(rest.substr(1));
          if (const auto comment = rest.find(" #"); comment != std::string_view::npos)
            rest = trim(rest.substr(0, comment));
          while (!rest.empty() && contains("\"',;", rest.substr(rest.size() - 1))) rest.remove_suffix(1);
          while (!rest.empty() && contains("\"'", rest.substr(0, 1))) rest.remove_prefix(1);
          out.emplace(std::string(line.substr(name_at, name_end - name_at)), Variable{rest, from + name_at});
        }
      }
      from = end + 1;
    }
    return out;
  }

  // PGPASSWORD=… psql -h host -U user
  void commands(const std::string& path, std::string_view text, const LineIndex& lines) {
    constexpr std::string_view name = "PGPASSWORD=";
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const auto begin = at + name.size();
      const auto line = text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
      if (line.empty() || line.front() == ' ' || line.front() == '\t') continue;
      std::vector<std::string_view> words;
      for (std::size_t from = 0; from < line.size() && words.size() < 100;) {
        const auto end = std::min(line.find_first_of(" \t", from), line.size());
        if (end > from) words.push_back(line.substr(from, end - from));
        from = end + 1;
      }
      std::string_view host, user;
      for (std::size_t i = 1; i < words.size(); ++i) {
        const auto next = i + 1 < words.size() ? words[i + 1] : std::string_view();
        if (words[i] == "-h" || words[i] == "--host") host = next;
        else if (words[i].starts_with("--host=")) host = words[i].substr(7);
        if (words[i] == "-U") user = next;
      }
      if (host.empty() || commented(text, at)) continue;
      std::string_view value = words.front();
      while (!value.empty() && contains("\"'", value.substr(0, 1))) value.remove_prefix(1);
      while (!value.empty() && contains("\"'", value.substr(value.size() - 1))) value.remove_suffix(1);
      add(host, value, user, "PGPASSWORD", false, location_at(path, lines, at));
    }
  }

  void variables(const std::string& path, const std::string& text, const LineIndex& lines) {
    const auto known = variables_of(text);
    for (const auto& [name, variable] : known) {
      constexpr std::string_view tail = "PASSWORD";
      if (!name.ends_with(tail)) continue;
      const std::string base = name.substr(0, name.size() - tail.size());
      const bool postgres =
          contains(base, "PG") || contains(base, "POSTGRES") ||
          ((contains(base, "DB") || contains(base, "DATABASE")) && contains(text, "postgres"));
      if (!postgres) continue;
      for (const auto* other : {"HOST", "HOSTNAME", "SERVER", "ADDRESS"})
        if (const auto host = known.find(base + other); host != known.end()) {
          const auto user = known.find(base + "USER");
          add(host->second.value, variable.value, user == known.end() ? "" : user->second.value, name, false,
              location_at(path, lines, variable.offset));
          break;
        }
    }
  }

  // { "host": …, "password": …, "dialect": "postgres" }, as of Sequelize and TypeORM.
  void json(const std::string& path, const std::string& text, const LineIndex& lines) {
    if (text.size() > max_json || !contains(text, "\"host\"")) return;
    const files::Json root = parsed_json(text);
    std::vector<const files::Json*> open{&root};
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
          location_at(path, lines, std::min(text.rfind("\"password\"", value), value)));
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
    out_.push_back(std::move(found));
  }

  bool is_ignored(const std::string& path) {
    const auto [entry, is_new] = ignored_.try_emplace(path, false);
    if (is_new) entry->second = !files::ignoring_line(files::path_under(root_, path)).empty();
    return entry->second;
  }

  files::Tree& tree_;
  const std::string& root_;
  std::map<std::string, bool> ignored_;  // by file
  std::vector<CommittedPassword> out_;
};

}  // namespace

std::vector<CommittedPassword> committed_passwords(files::Tree& tree, const std::string& root,
                                                   const std::vector<drizzle::WrittenCredentials>& written) {
  Reader reader(tree, root);
  reader.read();
  for (const auto& one : written) reader.add_written(one);
  return reader.take();
}

}  // namespace pgadvise::deploy
