#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "base/text.h"
#include "check/trust.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/profiles.h"
#include "cli/usage.h"
#include "cli/verbosity.h"

namespace pgadvise::cli {

static Diagnostics withheld;  // warnings that --quiet suppresses
static bool complained = false;
static std::vector<std::string> logins;  // of the command line: no message repeats their passwords

static void print(const Error& error) {
  std::fprintf(stderr, "pgadvise: %s\n", without_passwords(error.line(), logins).c_str());
}

// What the system's own words leave open.
static Error with_next_step(Error error) {
  constexpr std::pair<std::string_view, const char*> steps[] = {
      {"No such file or directory", "check the name"},
      {"Permission denied", "with which user's rights does pgadvise run?"},
      {"is a folder, not a file", "name a file in it"},
      {"No space left on device", "free some space, or name another folder"}};
  for (const auto& [words, step] : steps)
    if (error.hint.empty() && error.what.ends_with(words)) error.hint = step;
  return error;
}

void complain(const Error& error) {
  if (verbosity().quiet && error.kind == Error::Kind::nonfatal) {
    withheld.push_back(error);
    return;
  }
  complained = true;
  print(with_next_step(check::without_outside_text(error)));
}

// A run that failed says why, quiet or not.
static void tell_withheld(int exit_code) {
  if (exit_code <= exit_findings || complained) return;
  for (const auto& error : withheld) print(check::without_outside_text(error));
}

int exit_code_of(const Diagnostics& diagnostics) {
  int code = exit_clean;
  for (const auto& error : diagnostics) {
    if (error.kind == Error::Kind::database) return exit_database;
    if (error.kind != Error::Kind::nonfatal) code = exit_usage;
  }
  return code;
}

// A file's name rather than a mistyped command's.
static bool is_path(const std::string& word) {
  std::error_code code;
  return word.find_first_of("/.") != std::string::npos || std::filesystem::exists(word, code);
}

// An empty word where a file is asked for is a variable that is not set: never the default.
static void refuse_empty_names(CLI::App& app) {
  const auto named = CLI::Validator(
      [](const std::string& word) {
        return trim(word).empty() ? std::string("is empty: name a file; is the variable set?")
                                  : std::string();
      },
      "");
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    for (const char* name : {"--output", "--config", "--baseline", "--schema", "--log", "--workload",
                             "--load", "--file", "--plan", "PATH", "LOG"})
      if (auto* option = command->get_option_no_throw(name)) option->check(named);
}

// `pgadvise [options] [PATH…]` is `pgadvise check [options] [PATH…]`: the subcommand is put in where it was
// left out. Nothing at all, on a terminal, is a review.
static std::vector<std::string> arguments(std::vector<std::string> out,
                                          const std::vector<std::string>& commands) {
  move_verbosity_behind(out, commands);
  const bool own = !out.empty() && (out[0] == "-h" || out[0] == "--help" || out[0] == "--version");
  const bool named = !out.empty() && std::find(commands.begin(), commands.end(), out[0]) != commands.end();
  if (!own && !named && (out.empty() || out[0].starts_with("-") || is_path(out[0])))
    out.insert(out.begin(), out.empty() && on_terminal() ? "review" : "check");
  return out;
}

int main(const Arguments& given) {
  int exit_code = exit_clean;
  logins = given.logins;
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
  add_advise(app, user_paths, exit_code);
  add_check(app, user_paths, exit_code);
  add_digest(app, user_paths, exit_code);
  add_explain(app, user_paths, exit_code);
  add_init(app, exit_code);
  add_review(app, user_paths, exit_code);
  add_rules(app, exit_code);
  add_snapshot(app, exit_code);
  std::vector<std::string> commands{"sandbox", "completion", "manual"};  // those that are added below
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(one->get_name());
  auto words = arguments(given.words, commands);
  std::vector<std::string> command;
  if (const auto dashes = std::find(words.begin(), words.end(), "--");
      !words.empty() && words[0] == "sandbox" && dashes != words.end()) {
    command.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  add_sandbox(app, user_paths, command, exit_code);
  add_profiles(app, user_paths);
  refuse_empty_names(app);
  for (const char* one : {"advise", "check", "digest", "explain", "review"})
    add_color(*app.get_subcommand(one));
  add_color(*app.get_subcommand("rules")->get_subcommand("explain"));
  for (const char* one : {"advise", "check", "digest", "explain", "review", "sandbox", "snapshot"})
    add_verbosity(*app.get_subcommand(one));
  add_self(app, exit_code);
  for (const char* one : {"init", "rules", "completion", "manual"})
    app.get_subcommand(one)->footer(
        "Exit codes: 0 success, 2 wrong usage, or a file that can't be read or written.");
  app.parse_complete_callback([&app, &given] {
    for (const CLI::App* one : app.get_subcommands()) begin_verbosity(*one);
    if (given.hid_password)
      complain({Error::Kind::nonfatal, "the command line",
                "contains a password: other users could see it in the process list until pgadvise overwrote "
                "it, and the shell's history stores it",
                "--db env reads DATABASE_URL, else PGHOST, PGPASSWORD and the like"});
  });
  std::reverse(words.begin(), words.end());  // CLI11 takes a vector from its back
  try {
    app.parse(words);
  } catch (const CLI::Success& done) {
    std::ostringstream text;
    const int code = app.exit(done, text, text);
    const auto wrote = write_output({}, text.str());
    if (!wrote) complain(wrote.error());
    return wrote ? code : exit_usage;
  } catch (const ProfileError& refused) {
    for (const auto& error : refused.errors) complain(error);
    return exit_usage;
  } catch (const CLI::ParseError& error) {
    complain(explained(app, error));
    return exit_usage;
  }
  tell_withheld(exit_code);
  return exit_code;
}

}  // namespace pgadvise::cli
