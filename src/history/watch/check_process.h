// Commands of pgadvise in processes of their own, and several of them at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/process/process.h"
#include "base/result.h"

namespace pgadvise::watch {

// Runs this program with `words`, a command and its options, behind its name; `variables` in addition to the
// environment. `time_limit`: of the option --time-limit, which the error names. Errors: those of
// run_program().
Result<ProgramRun> run_itself(std::vector<std::string> words,
                              std::vector<std::pair<std::string, std::string>> variables,
                              std::chrono::seconds time_limit, const ProgramHooks& hooks = {});

// Why a run failed: the last line that it wrote on standard error, or its exit code.
std::string reason_of(const ProgramRun& run);

// Calls work(0) … work(count - 1), in this order, at most `jobs` (1 or more) at a time, on threads of their
// own. Returns when all are done; after a stop request those that have not begun are left out. `work` must
// not throw.
void run_jobs(std::size_t count, std::size_t jobs, const std::stop_token& stop,
              const std::function<void(std::size_t)>& work);

}  // namespace pgadvise::watch
