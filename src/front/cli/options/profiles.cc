#include "cli/options/profiles.h"

#include <set>

#include <CLI/CLI.hpp>

#include "base/files/boundary.h"
#include "base/text/text.h"
#include "check/config/config.h"
#include "check/config/host.h"
#include "check/config/trust.h"

namespace pgadvise::cli {
namespace {

std::string first_word(const CLI::App& command, const std::string& option, const std::string& otherwise) {
  const auto* found = command.get_option_no_throw(option);
  return found && !found->results().empty() ? found->results().front() : otherwise;
}

[[noreturn]] void wrong(std::string where, std::string what, std::string hint = {}) {
  throw ProfileError({{Error::Kind::usage, std::move(where), std::move(what), std::move(hint)}});
}

check::Config value_or_throw(tl::expected<check::Config, Diagnostics> config) {
  if (!config) throw ProfileError(std::move(config.error()));
  return std::move(*config);
}

[[noreturn]] void unknown(const std::string& name, const check::Config& repository,
                          const check::Config& user) {
  std::set<std::string> names;
  for (const auto* config : {&user, &repository})
    for (const auto& [other, profile] : config->databases) names.insert(other);
  const std::vector<std::string> known(names.begin(), names.end());
  const std::string near = nearest(name, known);
  const std::string files = repository.path.empty()
                                ? "there is no pgadvise.toml, and " +
                                      (user.path.empty() ? "your own configuration" : user.path) + " has"
                                : repository.path + " has";
  wrong("--db", files + " no database " + ellipsis(name, 60),
        !near.empty()   ? near
        : known.empty() ? "[databases.NAME]: docs/configuration.md"
                        : "known: " + join(known, ", "));
}

// What the command line allows for one run is allowed like what the user's own configuration allows.
check::Config with_permissions(check::Config user, const CLI::App& command) {
  if (const auto* option = command.get_option_no_throw("--allow-host"))
    for (const auto& host : option->results()) {
      auto plain = check::allowed_host(host);
      if (!plain) wrong("--allow-host", plain.error().what, plain.error().hint);
      user.hosts_of_run.push_back(std::move(*plain));
    }
  const auto* commands = command.get_option_no_throw("--allow-commands");
  user.allow_commands = user.allow_commands || (commands && commands->count() > 0);
  return user;
}

// The connection string for "@NAME".
std::string resolve(const CLI::App& command, const std::string& word, const UserPaths& user_paths) {
  const std::string name(trim(word).substr(1));
  if (name.empty())
    wrong("--db", "the name of a database is missing after @",
          "pgadvise.toml and your own configuration define the names: [databases.NAME]");
  const std::string given = first_word(command, "--config", "");
  const std::string folder = first_word(command, "PATH", ".");
  const std::string path = given.empty() ? check::find_config(folder) : given;
  // None of the repositories may contain the user's own configuration.
  if (const auto* paths = command.get_option_no_throw("PATH"))
    for (const auto& other : paths->results()) value_or_throw(check::read_user_config(work_tree_of(other)));
  const check::Config user = with_permissions(
      value_or_throw(check::read_user_config(work_tree_of(path.empty() ? folder : path))), command);
  const auto conninfo = [&](Result<std::string> found) {
    if (!found) throw ProfileError({found.error()});
    return std::move(*found);
  };
  if (const auto found = user.databases.find(name); found != user.databases.end())
    return conninfo(check::trusted_conninfo(name, found->second));
  const check::Config repository =
      path.empty()
          ? check::Config{}
          : value_or_throw(check::read_config(
                path, given.empty() ? check::ConfigOrigin::repository : check::ConfigOrigin::command_line,
                user_paths));
  const auto found = repository.databases.find(name);
  if (found == repository.databases.end()) unknown(name, repository, user);
  return conninfo(check::repository_conninfo(name, found->second, user));
}

}  // namespace

ProfileError::ProfileError(Diagnostics found)
    : CLI::ParseError("ProfileError", found.front().line(), CLI::ExitCodes::ValidationError),
      errors(std::move(found)) {}

void add_profiles(CLI::App& app, const UserPaths& user_paths,
                  const std::shared_ptr<std::map<std::string, std::string>>& names) {
  const auto by_name = [&user_paths, &names](const CLI::App* command) {
    return CLI::Validator(
        [command, user_paths, names](std::string& word) {
          if (!trim(word).starts_with("@")) return std::string();
          std::string name(trim(word).substr(1));
          word = resolve(*command, word, user_paths);
          names->emplace(word, std::move(name));
          return std::string();
        },
        "");
  };
  const auto host = CLI::Validator(
      [](const std::string& word) {
        const auto plain = check::allowed_host(word);
        return plain ? std::string() : plain.error().what + ": " + plain.error().hint;
      },
      "");
  for (auto* command : app.get_subcommands({})) {
    auto* db = command->get_option_no_throw("--db");
    if (!db) continue;
    db->description(
          db->get_description() +
          "; or @NAME, a database of your own configuration or of pgadvise.toml. Other users can see a "
          "password in it for a moment: use env, a service file or ~/.pgpass")
        ->transform(by_name(command));
    command
        ->add_option_function<std::vector<std::string>>(
            "--allow-host", [](const std::vector<std::string>&) {},
            "Server that a url in pgadvise.toml may name for --db @NAME, as HOST:PORT (repeatable)")
        ->type_name("HOST:PORT")
        ->check(host)
        ->needs(db);
    if (!command->get_option_no_throw("--allow-commands"))
      command->add_flag("--allow-commands")
          ->description("No effect here. In check and review: run the command of [migrate] in pgadvise.toml");
  }
}

}  // namespace pgadvise::cli
