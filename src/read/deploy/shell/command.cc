#include "deploy/shell/command.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/interface/tools.h"

namespace pgadvise::deploy {
namespace {

using Words = std::vector<std::string>;
using List = std::vector<Invocation>;

template <class... Names>
bool is(const std::string& word, const Names&... names) {
  return ((word == names) || ...);
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

bool is_assignment(const std::string& word) {
  const auto equals = word.find('=');
  return equals != std::string::npos && equals > 0 && word[0] != '-' && word.find_first_of("/ ") > equals;
}

// "node_modules/.bin/drizzle-kit" and "drizzle-kit@latest" -> "drizzle-kit"; "@scope/name@1" ->
// "@scope/name".
std::string program(const std::string& word) {
  const auto version = word.find('@', 1);
  const std::string bare = word.substr(0, version);
  if (bare[0] == '@') return bare;
  std::string name(files::base_of(bare));
  for (const std::string_view tail : {".cmd", ".exe"})
    if (name.size() > tail.size() && name.ends_with(tail)) name.resize(name.size() - tail.size());
  return name;
}

Words rest(const Words& words, std::size_t from) {
  return from < words.size() ? Words(words.begin() + static_cast<std::ptrdiff_t>(from), words.end())
                             : Words{};
}

// Past options; those of `with_value` take the next word too.
std::size_t skip_options(const Words& words, std::size_t at,
                         std::initializer_list<std::string_view> with_value = {}) {
  while (at < words.size() && is_option(words[at])) {
    if (words[at] == "--") return at + 1;
    at += is_one_of(words[at], with_value) ? 2 : 1;
  }
  return at;
}

std::optional<std::size_t> after_dashes(const Words& words) {
  const auto it = std::find(words.begin(), words.end(), "--");
  if (it == words.end()) return std::nullopt;
  return static_cast<std::size_t>(it - words.begin()) + 1;
}

Invocation shell_text(std::string text) { return {.kind = Invocation::Kind::shell, .name = std::move(text)}; }

Invocation script_named(std::string name) {
  return {.kind = Invocation::Kind::script, .name = std::move(name)};
}

// The file that the word names, with the words after it as arguments.
Invocation file_at(const Words& words, std::size_t at) {
  return {.kind = Invocation::Kind::file, .words = rest(words, at + 1), .name = words[at]};
}

List unwrap(Words words, int depth);

// npm, pnpm, yarn, bun and their options in front of the subcommand.
struct Manager {
  Invocation target;
  std::size_t at = 1;

  // Takes the option at `at`; false: another word stands there.
  bool option(const Words& words) {
    const std::string& word = words[at];
    if (!is_option(word) || word == "--") return false;
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const bool package = is(name, "--filter", "-F", "--workspace") || (name == "-w" && words[0] != "pnpm");
    std::string* const value = package                                        ? &target.package
                               : is(name, "--prefix", "--cwd", "-C", "--dir") ? &target.folder
                                                                              : nullptr;
    if (value && equals != std::string::npos) *value = word.substr(equals + 1);
    else if (value && at + 1 < words.size()) *value = words[++at];
    if (is(word, "-r", "--recursive", "--workspaces", "-ws")) target.everywhere = true;
    ++at;
    return true;
  }

  void skip_options(const Words& words) {
    while (at < words.size() && option(words)) {
    }
  }
};

Invocation script(Invocation target, const Words& words, std::size_t at) {
  target.kind = Invocation::Kind::script;
  target.name = words[at];
  target.words = rest(words, at);
  return target;
}

List with_place(List list, const Invocation& target) {
  for (auto& item : list) {
    if (item.folder.empty()) item.folder = target.folder;
    if (item.package.empty()) item.package = target.package;
  }
  return list;
}

bool known_subcommand(const std::string& word) {
  static constexpr auto names = word_list(
      "install", "i", "ci", "add", "remove", "rm", "uninstall", "update", "up", "upgrade", "link", "publish",
      "pack", "config", "set", "cache", "audit", "outdated", "list", "ls", "why", "info", "version", "login",
      "logout", "init", "create", "prune", "rebuild", "dedupe", "approve-builds", "fetch", "store", "patch",
      "import", "deploy", "plugin", "env", "pm", "licenses", "help", "c", "test", "t");
  return is_one_of(word, names);
}

List package_manager(const Words& words, int depth) {
  Manager manager;
  manager.skip_options(words);
  if (manager.at >= words.size()) return {};
  std::string sub = words[manager.at];
  if (words[0] == "yarn" && sub == "workspace" && manager.at + 2 < words.size()) {
    manager.target.package = words[manager.at + 1];
    manager.at += 2;
    sub = words[manager.at];
  } else if (words[0] == "yarn" && sub == "workspaces") {
    const auto run = std::find(words.begin(), words.end(), "run");
    if (run == words.end() || run + 1 == words.end()) return {};
    manager.target.everywhere = true;
    return {script(manager.target, words, static_cast<std::size_t>(run - words.begin()) + 1)};
  }
  if (is(sub, "run", "run-script", "rum")) {
    ++manager.at;
    manager.skip_options(words);
    if (manager.at >= words.size()) return {};
    // npm's own options may stand after the script's name.
    const std::size_t name = manager.at++;
    while (manager.at < words.size() && words[manager.at] != "--") {
      if (!manager.option(words)) ++manager.at;
    }
    manager.target.may_be_tool = words[0] == "bun" || words[0] == "yarn";
    return {script(manager.target, words, name)};
  }
  if (is(sub, "exec", "x", "dlx")) {
    Words tool = rest(words, manager.at + 1);
    tool = rest(tool, skip_options(tool, 0, {"-p", "--package", "-c"}));
    return with_place(unwrap(std::move(tool), depth + 1), manager.target);
  }
  if (words[0] == "npm" && !is(sub, "start", "test", "stop", "restart")) return {};
  if (words[0] != "npm" && known_subcommand(sub)) return {};
  manager.target.may_be_tool = words[0] != "npm";
  return {script(manager.target, words, manager.at)};
}

// run-s, run-p, npm-run-all: each word is a pattern, with arguments of its own.
List run_all(const Words& words) {
  List out;
  for (std::size_t i = 1; i < words.size() && words[i] != "--"; ++i)
    if (!is_option(words[i])) out.push_back(script_named(words[i].substr(0, words[i].find(' '))));
  return out;
}

List concurrently(const Words& words) {
  List out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (is(words[i], "-n", "--names", "-c", "--prefix-colors", "--prefix", "-p", "--kill-signal",
           "--restart-tries")) {
      ++i;
    } else if (const auto colon = words[i].find(':');
               is(words[i].substr(0, colon), "npm", "pnpm", "yarn", "bun") && colon != std::string::npos) {
      const std::string name = words[i].substr(colon + 1);
      out.push_back(script_named(name.substr(0, name.find(' '))));
    } else if (!is_option(words[i])) {
      out.push_back(shell_text(words[i]));
    }
  }
  return out;
}

// turbo run a b --filter=x; nx run project:target; lerna run a: in whichever package has it.
List task_runner(const Words& words) {
  List out;
  std::size_t at = 1;
  if (at < words.size() && is(words[at], "run", "run-many", "affected")) ++at;
  std::string package;
  for (; at < words.size() && words[at] != "--"; ++at) {
    if (words[at].starts_with("--filter=") || words[at].starts_with("--scope="))
      package = words[at].substr(words[at].find('=') + 1);
    if (is(words[at], "--filter", "-F", "--scope") && at + 1 < words.size()) package = words[++at];
    if (is(words[at], "-t", "--target", "--targets") && at + 1 < words.size()) ++at;
    if (is_option(words[at])) continue;
    Invocation target = script_named(words[at]);
    target.everywhere = true;
    // turbo: package#task; nx: project:target
    const char mark = words[0] == "nx" && !contains(target.name, "#") ? ':' : '#';
    if (const auto end = target.name.find(mark); end != std::string::npos) {
      target.package = target.name.substr(0, end);
      target.name.erase(0, end + 1);
    }
    if (target.name != package) out.push_back(std::move(target));
  }
  for (auto& target : out)
    if (target.package.empty()) target.package = package;
  return out;
}

// docker compose … exec|run [options] service command
List in_container(const Words& words, int depth) {
  const auto verb = std::ranges::find_first_of(words, word_list("exec", "run"));
  if (verb == words.end()) return {};
  const auto at = skip_options(words, static_cast<std::size_t>(verb - words.begin()) + 1,
                               {"-e", "--env", "-u", "--user", "-w", "--workdir", "-v", "--volume", "--name",
                                "--network", "--entrypoint", "-p", "--index", "--env-file"});
  return unwrap(rest(words, at + 1), depth + 1);
}

List interpreter(const Words& words, int depth) {
  const std::size_t at = skip_options(words, 1,
                                      {"-r", "--require", "--import", "--loader", "--env-file", "-P",
                                       "--project", "--conditions", "--tsconfig"});
  if (at >= words.size() || is(words[1], "-e", "-p", "--eval")) return {};
  if (const auto known = migrations::tool_program_of_module(words[at]); !known.empty()) {
    Words tool = rest(words, at);
    tool[0] = known;
    return unwrap(std::move(tool), depth + 1);
  }
  if (contains(words[at], "node_modules/.bin/")) return unwrap(rest(words, at), depth + 1);
  return {file_at(words, at)};
}

List shell_program(const Words& words) {
  for (std::size_t i = 1; i < words.size() && is_option(words[i]); ++i)
    if (words[i].back() == 'c' && words[i][1] != '-' && i + 1 < words.size())
      return {shell_text(words[i + 1])};
  const std::size_t at = skip_options(words, 1, {"-o"});
  if (at >= words.size()) return {};
  return {file_at(words, at)};
}

bool shell_file(const std::string& word) {
  const auto dot = word.rfind('.');
  return (dot != std::string::npos && is(word.substr(dot), ".sh", ".bash")) || word.starts_with("./") ||
         (word[0] == '/' && contains(word, "entrypoint"));
}

// Programs that run the rest of their words. Where the rest begins; nullopt: not one of them.
std::optional<std::size_t> wrapped_at(const Words& words) {
  const std::string& name = words[0];
  if (is(name, "exec", "command", "nohup", "time", "nice", "ionice", "builtin", "setsid", "stdbuf",
         "unbuffer", "then", "!"))
    return skip_options(words, 1, {"-a", "-n"});
  if (is(name, "dumb-init", "tini", "catatonit", "s6-setuidgid", "ts-node-esm-wrapper"))
    return skip_options(words, 1);
  if (name == "sudo") return skip_options(words, 1, {"-u", "-g", "--user"});
  if (is(name, "bundle", "bundler"))
    return words.size() > 1 && words[1] == "exec" ? std::optional<std::size_t>(2) : std::nullopt;
  if (is(name, "poetry", "pipenv", "uv", "pdm", "hatch", "rye"))
    return words.size() > 1 && words[1] == "run" ? std::optional<std::size_t>(skip_options(words, 2))
                                                 : std::nullopt;
  if (is(name, "gosu", "su-exec")) return 2;
  if (name == "timeout") return skip_options(words, 1, {"-s", "-k"}) + 1;
  if (is(name, "env", "cross-env", "cross-env-shell")) {
    std::size_t at = skip_options(words, 1, {"-u"});
    while (at < words.size() && is_assignment(words[at])) ++at;
    return at;
  }
  if (is(name, "npx", "bunx", "pnpx")) return skip_options(words, 1, {"-p", "--package", "-c"});
  if (is(name, "dotenv", "env-cmd", "dotenvx", "doppler", "infisical", "op", "varlock", "railway", "heroku",
         "chamber", "aws-vault", "with-env", "wait-on", "dockerize", "kubectl", "retry",
         "start-server-and-test", "dotenv-cli", "phase", "teller")) {
    if (const auto at = after_dashes(words)) return at;
    if (is(name, "dotenv", "dotenv-cli", "env-cmd"))
      return skip_options(words, 1, {"-e", "-f", "-c", "-v", "-p", "--file", "--environments"});
    if (is(name, "railway", "dotenvx", "heroku", "doppler", "infisical") && words.size() > 1 &&
        words[1] == "run")
      return skip_options(words, 2, {"-f", "-e", "--service", "-s", "-a", "--app", "--environment", "--env"});
    return std::nullopt;
  }
  if (name.starts_with("wait-for")) return after_dashes(words);
  return std::nullopt;
}

bool only_prints(const std::string& name) {
  return is(name, "echo", "printf", "cat", "grep", "git", "sed", "awk", "yes", "read", "set", "export",
            "exit", "test", "[", "cd", "sleep", "trap", "return", "true", "false", ":", "alias", "which",
            "type", "unset", "shift", "local", "log", "info");
}

List unwrap(Words words, int depth) {
  while (!words.empty() && (is_assignment(words[0]) || words[0].empty())) words.erase(words.begin());
  if (words.empty() || depth > 8) return {};
  const std::string written = words[0];
  words[0] = program(written);
  const std::string& name = words[0];
  if (only_prints(name)) return {};
  if (const auto at = wrapped_at(words)) return unwrap(rest(words, *at), depth + 1);
  if (is(name, "npm", "pnpm", "yarn", "bun")) {
    if (name == "bun" && words.size() > 1 && shell_file(words[1])) return interpreter(words, depth);
    return package_manager(words, depth);
  }
  if (is(name, "sh", "bash", "ash", "zsh", "dash", "source", ".")) return shell_program(words);
  if (is(name, "node", "tsx", "ts-node", "deno", "esno", "vite-node", "nodejs", "jiti")) {
    if (name == "deno" && words.size() > 1 && words[1] == "run") words.erase(words.begin() + 1);
    if (name == "deno" && words.size() > 1 && words[1] == "task")
      return package_manager({"bun", "run", words.size() > 2 ? words[2] : ""}, depth);
    return interpreter(words, depth);
  }
  if (is(name, "run-s", "run-p", "npm-run-all", "npm-run-all2", "run-z")) return run_all(words);
  if (is(name, "concurrently", "conc")) return concurrently(words);
  if (is(name, "turbo", "nx", "lerna")) return task_runner(words);
  if (is(name, "docker", "docker-compose", "podman")) return in_container(words, depth);
  if (name == "ssh" && words.size() > 2) return {shell_text(words.back())};
  if (is(name, "fly", "flyctl")) {
    const auto flag = std::ranges::find_first_of(words, word_list("-C", "--command"));
    if (words.end() - flag > 1) return {shell_text(*(flag + 1))};
  }
  // "php artisan x", "python manage.py x": the framework's own program.
  if (is(name, "php", "python", "python3", "ruby")) {
    const std::size_t at = skip_options(words, 1);
    if (at < words.size() &&
        is(std::string(files::base_of(words[at])), "artisan", "manage.py", "console", "rails", "rake"))
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
    words[0] = program(words[0]);
  }
  if (const auto known = migrations::tool_program(name); !known.empty()) words[0] = known;
  const bool framework = is(name, "rails", "rake", "artisan", "manage.py", "console");
  if (shell_file(written) && !framework)
    return {{.kind = Invocation::Kind::file, .words = rest(words, 1), .name = written}};
  return {{.kind = Invocation::Kind::tool, .words = std::move(words)}};
}

}  // namespace

std::string option_value(const std::vector<std::string>& words, std::string_view name) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == name && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(std::string(name) + "=")) return words[i].substr(name.size() + 1);
  }
  return {};
}

std::vector<Invocation> invocations(std::vector<std::string> words) { return unwrap(std::move(words), 0); }

}  // namespace pgadvise::deploy
