#include "cli/options/help.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/options/usage.h"

namespace pgadvise::cli {
namespace {

constexpr std::size_t many = 12;

struct Group {
  std::string_view name;
  std::set<std::string_view> options;
};

// In the order of --help. What is in no group comes first, as the command's own.
const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"Inputs",
       {"--db", "--schema", "--log", "--log-line-prefix", "--app", "--user", "--database", "--from", "--to",
        "--workload", "--file", "--plan", "--config", "--allow-empty", "--allow-host", "--jobs"}},
      {"What to check",
       {"--changed", "--since", "--all-schema", "--only", "--baseline", "--update-baseline"}},
      {"Confirmation on a server",
       {"--sandbox", "--against", "--load", "--migrate-with", "--migrate-timeout", "--migrate-writes",
        "--allow-unisolated", "--allow-commands", "--role", "--search-path", "--max-analyze-time",
        "--no-analyze"}},
      {"Output",
       {"--format", "--output", "--top", "--sort", "--all-nodes", "--fail-on", "--show-literals", "--color",
        "--quiet", "--verbose", "--debug"}},
      {"Stores and collectors", {"--store", "--store-as", "--spool", "--otlp", "--counters"}},
  };
  return all;
}

// What -h shows: ten of a command at most.
const std::set<std::string_view> most_used = {
    "--db",        "--sandbox", "--schema", "--log",     "--changed", "--budget",
    "--candidate", "--compare", "--param",  "--plan",    "--every",   "--baseline",
    "--only",      "--format",  "--output", "--fail-on", "--store"};

bool is_named(const CLI::Option& option, const std::set<std::string_view>& names) {
  for (const auto& name : option.get_lnames())
    if (names.count("--" + name)) return true;
  return false;
}

class Help : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* command, std::string name, CLI::AppFormatMode mode) const override {
    return make_description(command) + make_usage(command, std::move(name)) + make_positionals(command) +
           of_options(*command, mode) + "\n" + make_footer(command);
  }

 private:
  std::string of_options(const CLI::App& command, CLI::AppFormatMode mode) const {
    const auto options = named_options(command);
    if (mode == CLI::AppFormatMode::Normal) {
      std::vector<const CLI::Option*> shown;
      for (const auto* option : options)
        if (is_named(*option, most_used) && shown.size() < 10) shown.push_back(option);
      return make_group("Most used options", false, shown) +
             fmt::format("\npgadvise {} --help lists all {} options.\n", command.get_name(), options.size());
    }
    std::string out;
    std::vector<std::string> names = {"Options"};
    for (const auto& group : groups()) names.emplace_back(group.name);
    for (const auto& name : names) {
      std::vector<const CLI::Option*> members;
      for (const auto* option : options)
        if (option->get_group() == name) members.push_back(option);
      if (!members.empty()) out += make_group(name, false, members);
    }
    return out;
  }
};

}  // namespace

void group_options(CLI::App& app) {
  for (auto* command : app.get_subcommands({})) {
    if (named_options(*command).size() <= many) continue;
    for (auto* option : command->get_options())
      for (const auto& group : groups())
        if (is_named(*option, group.options)) option->group(std::string(group.name));
    command->set_help_flag("-h", "Print the most used options");
    command->set_help_all_flag("--help", "Print all options");
    command->formatter(std::make_shared<Help>());
  }
}

}  // namespace pgadvise::cli
