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
  std::size_t memory = 0;                      // bytes that the program may allocate; 0: no limit
};

struct ProgramRun {
  int status = 0;  // exit code; 128 + the signal that ended it
  std::string out;
  std::string err;
};

// Runs the program to its end; its stdin is empty. `words` begin with its name, looked up in PATH. Variables
// are set in addition to ours, but for PGPASSWORD and DATABASE_URL; an empty value removes one. The program
// leads a process group of its own, and the kernel kills it when this process ends, also by SIGKILL; what the
// program itself started may then go on. Errors (Kind::nonfatal): it cannot be run, or passes a limit of time
// or output (its whole process group is killed then). A program that needs more memory fails by itself.
Result<ProgramRun> run_program(const std::vector<std::string>& words,
                               const std::vector<std::pair<std::string, std::string>>& variables = {},
                               const ProgramLimits& limits = {});

}  // namespace pgadvise
