#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/profiles.h"

namespace pgadvise::cli {

void complain(const Error& error) { std::fprintf(stderr, "pgadvise: %s\n", error.line().c_str()); }

int exit_code_of(const Diagnostics& diagnostics) {
  int code = exit_clean;
  for (const auto& error : diagnostics) {
    if (error.kind == Error::Kind::database) return exit_database;
    if (error.kind != Error::Kind::passing) code = exit_usage;
  }
  return code;
}

// A file's name rather than a mistyped command's.
static bool is_path(const std::string& word) {
  std::error_code code;
  return word.find_first_of("/.") != std::string::npos || std::filesystem::exists(word, code);
}

// `pgadvise [options] [PATH…]` is `pgadvise check [options] [PATH…]`: the subcommand is put in where it was left out. Nothing at all, on a
// terminal, is a review.
static std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> out(argv + 1, argv + argc);
  const bool own = !out.empty() && (out[0] == "-h" || out[0] == "--help" || out[0] == "--version");
  const bool named = !out.empty() && (out[0] == "advise" || out[0] == "check" || out[0] == "completion" || out[0] == "manual" || out[0] == "digest" || out[0] == "explain" || out[0] == "init" || out[0] == "review" || out[0] == "rules" || out[0] == "sandbox" || out[0] == "snapshot");
  if (!own && !named && (out.empty() || out[0].starts_with("-") || is_path(out[0]))) out.insert(out.begin(), out.empty() && on_terminal() ? "review" : "check");
  return out;
}

int main(int argc, char** argv) {
  int exit_code = exit_clean;
  CLI::App app{"pgadvise finds what makes a PostgreSQL application slow or unsafe, proves it with EXPLAIN ANALYZE, and "
               "writes the index that mends it."};
  app.set_version_flag("--version", std::string("pgadvise ") + PGADVISE_VERSION);
  app.require_subcommand(0, 1);
  app.footer("Exit codes: 0 nothing at or over --fail-on, 1 findings, 2 wrong usage or an unreadable input, 3 the\n"
             "database of --db can't be reached. Without a subcommand: check; without any word, on a terminal: review.");
  add_advise(app, exit_code);
  add_check(app, exit_code);
  add_digest(app, exit_code);
  add_explain(app, exit_code);
  add_init(app, exit_code);
  add_review(app, exit_code);
  add_rules(app, exit_code);
  add_snapshot(app, exit_code);
  auto words = arguments(argc, argv);
  std::vector<std::string> command;
  if (const auto dashes = std::find(words.begin(), words.end(), "--"); !words.empty() && words[0] == "sandbox" && dashes != words.end()) {
    command.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  add_sandbox(app, command, exit_code);
  add_profiles(app);
  add_self(app, exit_code);
  std::reverse(words.begin(), words.end());  // CLI11 takes a vector from its back
  try {
    app.parse(words);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    complain({Error::Kind::usage, "", error.what(), "pgadvise --help lists the commands, pgadvise check --help the options"});
    return exit_usage;
  }
  return exit_code;
}

}  // namespace pgadvise::cli
