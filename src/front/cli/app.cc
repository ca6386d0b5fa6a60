#include "cli/app.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>

#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/options/help.h"
#include "cli/options/profiles.h"
#include "cli/options/usage.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/process/verbosity.h"
#include "review/terminal.h"

namespace pgadvise::cli {

// A file's name rather than a mistyped command's.
static bool is_path(const std::string& word) {
  std::error_code code;
  return word.find_first_of("/.") != std::string::npos || std::filesystem::exists(word, code);
}

// An option that may be repeated takes one value each time: what follows it is a PATH. An empty word where a
// file is asked for is a variable that is not set: never the default.
static void set_value_rules(CLI::App& app) {
  const auto named = CLI::Validator(
      [](const std::string& word) {
        return trim(word).empty() ? std::string("is empty: name a file; is the variable set?")
                                  : std::string();
      },
      "");
  for (auto* command : app.get_subcommands({})) {
    for (auto* option : command->get_options())
      if (option->nonpositional() && option->get_expected_min() == 1) option->allow_extra_args(false);
    for (const char* name : {"--output", "--config", "--baseline", "--schema", "--log", "--workload",
                             "--load", "--file", "--plan", "PATH", "LOG", "FILE"})
      if (auto* option = command->get_option_no_throw(name)) option->check(named);
  }
}

// `pgadvise [options] [PATH…]` is `pgadvise check [options] [PATH…]`: the subcommand is put in where it was
// left out. Nothing at all, on a terminal, is a review.
static std::vector<std::string> arguments(std::vector<std::string> out,
                                          const std::vector<std::string>& commands) {
  move_verbosity_behind(out, commands);
  const bool own = !out.empty() && (out[0] == "-h" || out[0] == "--help" || out[0] == "--version");
  const bool named = !out.empty() && std::ranges::find(commands, out[0]) != commands.end();
  if (!own && !named && (out.empty() || out[0].starts_with("-") || is_path(out[0])))
    out.insert(out.begin(), out.empty() && review::is_terminal() ? "review" : "check");
  return out;
}

// CLI11 copies a footer to subcommands when they are made: those of `rules` and `completion` have that of
// check.
static void state_exit_codes(CLI::App& app) {
  const char* text = "Exit codes: 0 success, 2 wrong usage, or a file that can't be read or written.";
  for (const char* one : {"init", "rules", "completion", "manual"}) {
    auto* command = app.get_subcommand(one);
    command->footer(text);
    for (auto* below : command->get_subcommands({})) below->footer(text);
  }
}

int main(const Arguments& given) {
  int exit_code = exit_clean;
  begin_messages(given.logins);
  const UserPaths user_paths(given.words);
  CLI::App app{
      "pgadvise finds what makes a PostgreSQL application slow or unsafe, confirms it with EXPLAIN ANALYZE, "
      "and writes the index that fixes it.",
      "pgadvise"};
  app.set_version_flag("--version", std::string("pgadvise ") + PGADVISE_VERSION);
  app.require_subcommand(0, 1);
  app.footer(
      "Exit codes: 0 no finding at or above --fail-on, 1 findings, 2 wrong usage or an unreadable input, 3 "
      "the\ndatabase of --db can't be reached or read. Without a subcommand pgadvise runs check; on a "
      "terminal and without any argument, review.");
  const auto database_names = std::make_shared<DatabaseNames>();
  add_commands(app, user_paths, database_names, exit_code);
  std::vector<std::string> commands{"sandbox", "completion", "manual"};  // those that are added below
  for (const CLI::App* one : app.get_subcommands({})) commands.push_back(one->get_name());
  auto words = arguments(given.words, commands);
  std::vector<std::string> command;
  if (const auto dashes = std::ranges::find(words, "--");
      !words.empty() && words[0] == "sandbox" && dashes != words.end()) {
    command.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  add_sandbox(app, user_paths, command, exit_code);
  add_profiles(app, user_paths, database_names);
  set_value_rules(app);
  for (const char* one : {"advise", "check", "digest", "explain", "fleet", "history", "report", "review"})
    add_color(*app.get_subcommand(one));
  add_color(*app.get_subcommand("rules")->get_subcommand("explain"));
  for (const char* one : {"advise", "check", "digest", "explain", "fleet", "history", "report", "review",
                          "sandbox", "snapshot"})
    add_verbosity(*app.get_subcommand(one));
  group_options(app);
  add_self(app, exit_code);
  state_exit_codes(app);
  app.parse_complete_callback([&app, &given] {
    for (const CLI::App* one : app.get_subcommands()) begin_verbosity(*one);
    if (given.hid_password)
      complain({Error::Kind::nonfatal, "the command line",
                "contains a password: other users could see it in the process list until pgadvise overwrote "
                "it, and the shell's history stores it",
                "--db env reads DATABASE_URL, else PGHOST, PGPASSWORD and the like; --store env reads "
                "PGADVISE_STORE, --otlp env OTEL_EXPORTER_OTLP_ENDPOINT"});
  });
  std::ranges::reverse(words);  // CLI11 takes a vector from its back
  try {
    app.parse(words);
  } catch (const CLI::Success& done) {
    std::ostringstream text;
    const int code = app.exit(done, text, text);
    const auto wrote = write_output({}, text.str());
    if (!wrote) complain(wrote.error());
    return wrote ? code : exit_usage;
  } catch (const ProfileError& refused) {
    return usage_errors(refused.errors);
  } catch (const CLI::ParseError& error) {
    return usage_error(explained(app, error));
  }
  print_withheld(exit_code);
  return exit_code;
}

}  // namespace pgadvise::cli
