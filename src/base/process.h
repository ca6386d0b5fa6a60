// Runs a program, never a shell.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pgadvise {

struct ProgramLimits {
  std::chrono::milliseconds time{10'000};
  std::size_t output = std::size_t{64} << 20;  // bytes
};

struct ProgramRun {
  int status = 0;  // exit code; 128 + the signal that ended it
  std::string out;
  std::string err;
};

// Runs the program to its end; its stdin is empty. `words` begin with its name, looked up in PATH. Variables
// are set in addition to ours, but for PGPASSWORD and DATABASE_URL; an empty value removes one. Errors
// (Kind::nonfatal): it cannot be run, or passes a limit (it is ended then, and what it started with it).
Result<ProgramRun> run_program(const std::vector<std::string>& words,
                               const std::vector<std::pair<std::string, std::string>>& variables = {},
                               const ProgramLimits& limits = {});

}  // namespace pgadvise
