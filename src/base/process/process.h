// Runs a program without a shell.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pgadvise {

struct ProgramLimits {
  std::chrono::milliseconds time{10'000};
  std::size_t output = std::size_t{64} << 20;  // bytes
  std::size_t memory = 0;                      // bytes that the program may allocate; 0: no limit
  // The error if `time` ends the program; "": "NAME gave no answer within N s".
  std::string_view on_time = "";
};

struct ProgramRun {
  int status = 0;  // exit code; 128 + the number of the signal that ended it
  std::string out;
  std::string err;
};

// Called with what the program writes, as it comes; `error`: to its stderr.
using ProgramOutput = std::function<void(std::string_view text, bool error)>;

struct ProgramHooks {
  ProgramOutput output = {};  // may be empty
  // Called in the new process before it becomes the program: system calls only, and no allocation, since
  // another thread may have held any lock. Returns 0, or the errno why the program cannot be run.
  std::function<int()> in_child = {};
  std::stop_token stop = {};  // a request ends the program within 100 ms, as a limit does
};

// May have passwords: a program gets them only if its caller names them.
inline constexpr std::array<const char*, 4> withheld_variables = {"PGPASSWORD", "DATABASE_URL",
                                                                  "PGADVISE_STORE", "CLICKHOUSE_PASSWORD"};

// Runs the program to its end, with an empty stdin. `words` start with its name, which is looked up in PATH.
// Variables are set in addition to the environment, without `withheld_variables`; an empty value unsets one.
// The program leads its own process group. The kernel kills the program when this process ends, even by
// SIGKILL; child processes of the program may then continue. Errors (Kind::nonfatal): the program cannot be
// run, exceeds the limit of time or output, or is stopped by `hooks.stop` ("interrupted"); its whole process
// group is then killed. A program that needs more memory than its limit fails on its own.
Result<ProgramRun> run_program(const std::vector<std::string>& words,
                               const std::vector<std::pair<std::string, std::string>>& variables = {},
                               const ProgramLimits& limits = {}, const ProgramHooks& hooks = {});

}  // namespace pgadvise
