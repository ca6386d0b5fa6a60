// What the commands print on stderr about faults of inputs and databases, and the exit codes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::cli {

// Exit codes, as documented in docs/command-line.md and --help.
enum ExitCode {
  exit_clean = 0,
  exit_findings = 1,
  exit_usage = 2,
  exit_database = 3,
  exit_interrupted = 130
};

// The exit code for the diagnostics: 3 takes precedence over 2, 2 over 0.
int exit_code_of(const Diagnostics& diagnostics);
// The exit code of a command; prints its error, if any, which is a usage error.
int exit_code_of(const Result<int>& done);

// `logins`: "user:password" of the command line (arguments.h). No message repeats their passwords.
void begin_messages(std::vector<std::string> logins);

// Prints "pgadvise: where: what (hint)" on stderr. With --quiet, a nonfatal error waits for
// print_withheld().
void complain(const Error& error);
// The same; return exit_usage.
int usage_error(const Error& error);
int usage_errors(const Diagnostics& errors);

// Prints what --quiet withheld if the run failed and nothing else said why.
void print_withheld(int exit_code);

}  // namespace pgadvise::cli
