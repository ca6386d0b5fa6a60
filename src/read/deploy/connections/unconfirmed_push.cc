#include "deploy/connections/unconfirmed_push.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text/mask.h"
#include "base/text/text.h"
#include "deploy/connections/connections.h"
#include "deploy/connections/database_urls.h"
#include "deploy/shell/command.h"
#include "deploy/shell/shell.h"
#include "files/files.h"
#include "files/gitignore.h"

namespace pgadvise::deploy {
namespace {

// What is known of the database's host.
struct DatabaseHost {
  bool local = false;
  std::string host;
  std::string reason;
};

std::optional<DatabaseHost> of_host(std::string_view host, const std::string& what) {
  if (remote_host(host)) return DatabaseHost{.host = std::string(host), .reason = what};
  const bool here = is_one_of(host, {"localhost", "0.0.0.0", "[::1]", "::1"}) || host.starts_with("127.") ||
                    !contains(host, ".");
  if (here && !host.empty()) return DatabaseHost{.local = true};
  return std::nullopt;
}

std::optional<DatabaseHost> of_url(std::string_view url, const std::string& what) {
  if (contains_any(url, {"//localhost", "//127.0.0.1"})) return DatabaseHost{.local = true};
  const auto found = database_urls(url);
  return found.empty() ? std::nullopt : of_host(found.front().host, what);
}

struct PushSearch {
  files::Tree& tree;
  const Project& project;

  std::optional<UnconfirmedPush> push_to(const drizzle::PushTarget& target) {
    auto push = script_of(target.config);
    const auto known = push ? database_of(target) : std::nullopt;
    if (!known || known->local) return std::nullopt;
    push->config = target.config;
    push->host = known->host;
    push->reason = known->reason;
    push->place = target.place;
    return push;
  }

  // The first script that pushes with the configuration and without --strict.
  std::optional<UnconfirmedPush> script_of(const std::string& config) {
    for (const auto& package : tree.packages())
      for (const auto& [name, text] : package.scripts) {
        if (!contains(text, "drizzle-kit") || !contains(text, "push")) continue;
        const bool for_development = files::named_for_development(replace_all(name, ":", ".")) ||
                                     contains_any(text, {"localhost", ".env.local", ".env.test", ".env.dev"});
        if (for_development || deployed(package.path, "script " + name)) continue;
        for (const auto& command : parse_shell(text))
          for (const auto& invocation : invocations(command.words)) {
            const std::string folder = files::join_path(package.folder, invocation.folder);
            if (invocation.kind != Invocation::Kind::tool || !pushes(invocation.words) ||
                config_of(folder, invocation.words) != config)
              continue;
            UnconfirmedPush out;
            out.script = "script " + name;
            out.command = ellipsis(mask_secrets(text), 200);
            const std::string* content = tree.text(package.path);
            const auto at = package.script_offsets.find(name);
            out.script_place = location_at(package.path, LineIndex(content ? *content : std::string_view()),
                                           content && at != package.script_offsets.end() ? at->second : 0);
            return out;
          }
      }
    return std::nullopt;
  }

  static bool pushes(const std::vector<std::string>& words) {
    return words.size() > 1 && words[0] == "drizzle-kit" && is_one_of(words[1], {"push", "push:pg"}) &&
           std::ranges::none_of(words, [](const std::string& word) {
             return is_one_of(word, {"--strict", "--strict=true", "--help", "--url"}) ||
                    word.starts_with("--url=");
           });
  }

  std::string config_of(const std::string& folder, const std::vector<std::string>& words) {
    if (const auto named = option_value(words, "--config"); !named.empty())
      return files::join_path(folder, named);
    for (const auto* extension : {".ts", ".js", ".json"})
      if (std::string path = files::join_path(folder, std::string("drizzle.config") + extension);
          tree.has(path))
        return path;
    return {};
  }

  bool deployed(const std::string& file, const std::string& entry) const {
    return std::ranges::any_of(project.deploy_commands, [&](const DeployCommand& command) {
      return command.place.file == file && command.entry == entry;
    });
  }

  std::optional<DatabaseHost> database_of(const drizzle::PushTarget& target) {
    if (target.url) return of_url(*target.url, "its URL names the host");
    if (target.host) return of_host(*target.host, "its credentials name the host");
    for (const auto& name : target.variables)
      if (auto known = of_variable(name, target.config)) return known;
    for (const auto& name : target.variables)
      if (contains_any(name, {"PROD", "SUPABASE", "NEON"}))
        return DatabaseHost{.reason = name + " holds its URL"};
    if (target.tls) return DatabaseHost{.reason = "its credentials ask for TLS"};
    if (only_serverless_driver())
      return DatabaseHost{.reason = "the project connects with @neondatabase/serverless only"};
    return std::nullopt;
  }

  // From committed files of variables beside the configuration and at the root.
  std::optional<DatabaseHost> of_variable(const std::string& name, const std::string& config) {
    const auto* package = tree.package_of(files::folder_of(config));
    for (const std::string& folder : {package ? package->folder : std::string(), std::string()})
      for (const auto* file : {".env", ".env.local", ".env.development", ".env.production"}) {
        const std::string path = files::join_path(folder, file);
        const std::string* text = tree.has(path) ? tree.peek(path) : nullptr;
        if (!text || !files::ignoring_line(files::path_under(project.root, path)).empty()) continue;
        for (const auto line : split(*text, '\n')) {
          if (!line.starts_with(name + "=")) continue;
          const auto value = trim(line.substr(name.size() + 1));
          const std::string what = path + " names the host";
          if (auto known = contains(value, "://") ? of_url(value, what) : of_host(value, what)) return known;
        }
      }
    return std::nullopt;
  }

  bool only_serverless_driver() {
    bool serverless = false;
    for (const auto& package : tree.packages()) {
      serverless = serverless || package.dependencies.count("@neondatabase/serverless");
      for (const auto* other : {"pg", "postgres", "@electric-sql/pglite", "@vercel/postgres"})
        if (package.dependencies.count(other)) return false;
    }
    return serverless && std::ranges::none_of(tree.files(), [](const auto& path) {
             return contains(files::base_of(path), "compose");
           });
  }
};

}  // namespace

std::vector<UnconfirmedPush> unconfirmed_pushes(files::Tree& tree, const Project& project,
                                                const std::vector<drizzle::PushTarget>& targets) {
  std::vector<UnconfirmedPush> out;
  PushSearch search{tree, project};
  for (const auto& target : targets)
    if (!target.strict)
      if (auto found = search.push_to(target)) out.push_back(std::move(*found));
  return out;
}

}  // namespace pgadvise::deploy
