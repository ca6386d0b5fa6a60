// The subcommands. Each turns options into a library call, the result into a report, and the report into an
// exit code. cli may include all other folders; no folder includes cli.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/input_file.h"
#include "base/result.h"
#include "cli/arguments.h"

namespace pgadvise::cli {

// Exit codes, as documented in docs/command-line.md and --help.
enum ExitCode { exit_clean = 0, exit_findings = 1, exit_usage = 2, exit_database = 3 };

// Each adds its subcommand; the callback stores the exit code. `user_paths`: the command line's.
void add_advise(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_check(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_digest(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_review(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_rules(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_init(CLI::App& app, int& exit_code);
// completion and manual, of all subcommands added before.
void add_self(CLI::App& app, int& exit_code);
void add_snapshot(CLI::App& app, int& exit_code);
// `command`: the words after "--", which CLI11 would take for options of its own.
void add_sandbox(CLI::App& app, const UserPaths& user_paths, const std::vector<std::string>& command,
                 int& exit_code);

// Whether stdin and stdout are terminals.
bool on_terminal();

// The exit code for the diagnostics: 3 takes precedence over 2, 2 over 0.
int exit_code_of(const Diagnostics& diagnostics);

// Prints "pgadvise: where: what (hint)" on stderr.
void complain(const Error& error);

int main(const Arguments& given);

}  // namespace pgadvise::cli
