#include "cli/profiles.h"

#include <cstdlib>

#include "base/text.h"
#include "check/config.h"

namespace pgadvise::cli {
namespace {

std::string first_word(const CLI::App& command, const std::string& option, const std::string& otherwise) {
  const auto* found = command.get_option_no_throw(option);
  return found && !found->results().empty() ? found->results().front() : otherwise;
}

std::string conninfo_of(const std::string& name, const check::DatabaseProfile& profile, std::string& error) {
  if (profile.url_env.empty()) return profile.conninfo;
  const char* value = std::getenv(profile.url_env.c_str());
  if (!value || trim(value).empty()) error = "the profile " + name + " asks for the environment variable " + profile.url_env + ", and it is not set";
  return value ? value : "";
}

// The profile's connection string in the word's place; what is wrong, else "".
std::string resolve(const CLI::App& command, std::string& word) {
  const std::string name(trim(word).substr(1));
  if (name.empty()) return "a profile's name is missing behind @: pgadvise.toml tells them as [databases.NAME]";
  const std::string given = first_word(command, "--config", "");
  const std::string path = given.empty() ? check::find_config(first_word(command, "PATH", ".")) : given;
  if (path.empty()) return "there is no pgadvise.toml that could tell the database " + ellipsis(name, 60);
  const auto config = check::read_config(path);
  if (!config) {
    std::vector<std::string> lines;
    for (const auto& error : config.error()) lines.push_back(error.line());
    return join(lines, "\n");
  }
  const auto found = config->databases.find(name);
  std::string error;
  if (found != config->databases.end()) {
    word = conninfo_of(name, found->second, error);
    return error;
  }
  std::vector<std::string> known;
  for (const auto& [other, profile] : config->databases) known.push_back(other);
  const std::string near = check::nearest(name, known);
  return path + " has no database " + ellipsis(name, 60) + (near.empty() ? known.empty() ? "" : ", but " + join(known, ", ") : ": " + near);
}

}  // namespace

void add_profiles(CLI::App& app) {
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (auto* option = command->get_option_no_throw("--db"))
      option->description(option->get_description() + "; @NAME: one that pgadvise.toml tells")->transform(CLI::Validator([command](std::string& word) { return trim(word).starts_with("@") ? resolve(*command, word) : std::string(); }, ""));
}

}  // namespace pgadvise::cli
