#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text/text.h"
#include "check/load/inputs.h"
#include "cli/commands/commands.h"
#include "cli/output/messages.h"
#include "cli/output/phase.h"
#include "cli/process/verbosity.h"
#include "pg/connection/conninfo.h"

namespace pgadvise::cli {
namespace {

struct SandboxCommand {
  std::vector<std::string> schema;
  std::vector<std::string> load;
  std::vector<std::string> command;
  UserPaths user_paths;
};

// A libpq program (psql, pg_dump) needs no argument to find the sandbox; drivers without libpq read a URL.
void set_environment(const pg::Sandbox& server) {
  const std::string& conninfo = server.conninfo();
  ::setenv("DATABASE_URL", server.url().c_str(), 1);
  ::setenv("JDBC_DATABASE_URL", server.jdbc_url().c_str(), 1);
  for (const char* other : {"PGSERVICE", "PGHOSTADDR", "PGOPTIONS"}) ::unsetenv(other);
  const auto pairs = pg::read_conninfo(conninfo);
  if (!pairs) return;
  constexpr std::pair<const char*, const char*> variables[] = {{"host", "PGHOST"},
                                                               {"port", "PGPORT"},
                                                               {"user", "PGUSER"},
                                                               {"password", "PGPASSWORD"},
                                                               {"dbname", "PGDATABASE"}};
  for (const auto& [key, value] : *pairs)
    for (const auto& [keyword, variable] : variables)
      if (key == keyword) ::setenv(variable, value.c_str(), 1);
}

// Runs the command with DATABASE_URL and libpq's own variables set; signals that end a terminal's command
// reach it, and it gets SIGTERM when pgadvise is ended, since its server goes then.
int run_command(const std::vector<std::string>& command, const pg::Sandbox& server) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(128 + SIGTERM);
    set_environment(server);
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    const std::string line = "pgadvise: " + printable(words[0]) + ": can't be run: " + std::strerror(errno) +
                             " (is it installed, and in PATH?)\n";
    [[maybe_unused]] const ssize_t wrote = ::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(127);
  }
  if (child < 0) return exit_usage;
  std::signal(SIGINT, SIG_IGN);  // the command decides; the sandbox goes when it ends
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(const SandboxCommand& options) {
  if (options.command.empty())
    return usage_error({Error::Kind::usage, "sandbox", "needs a command after --",
                        "pgadvise sandbox --schema drizzle -- psql"});
  Diagnostics diagnostics;
  const auto schemas = check::find_schemas(options.schema, diagnostics, {}, options.user_paths);
  if (const int code = exit_code_of(diagnostics); code != exit_clean) {
    for (const auto& error : diagnostics) complain(error);
    return code;
  }
  std::optional<Phase> phase;
  phase.emplace("building the sandbox");
  auto sandbox =
      check::build_sandbox(schemas, options.load, diagnostics, options.user_paths, sent_observer(), true);
  phase.reset();
  for (const auto& error : diagnostics) complain(error);
  if (!sandbox) return usage_error(sandbox.error());
  if (const int code = exit_code_of(diagnostics); code != exit_clean) return code;  // a schema that is none
  return run_command(options.command, sandbox->server);
}

}  // namespace

void add_sandbox(CLI::App& app, const UserPaths& user_paths, const std::vector<std::string>& words,
                 int& exit_code) {
  auto options = std::make_shared<SandboxCommand>();
  options->user_paths = user_paths;
  auto* command =
      app.add_subcommand("sandbox", "Start a throwaway PostgreSQL, run a command with it, remove it");
  command->add_option("--schema", options->schema,
                      "Schema to build: migrations, a dump, a drizzle snapshot; a snapshot of a server "
                      "provides its sizes and statistics but no rows, which allows EXPLAIN only");
  command->add_option("--load", options->load, "SQL to run after the schema: test data");
  command->footer(
      "COMMAND stands after two dashes: pgadvise sandbox [OPTIONS] -- COMMAND…\n"
      "DATABASE_URL (127.0.0.1, with a random password), JDBC_DATABASE_URL, and PGHOST, PGPORT, PGUSER, "
      "PGPASSWORD, PGDATABASE point COMMAND to the database. The exit code is COMMAND's.");
  options->command = words;
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace pgadvise::cli
