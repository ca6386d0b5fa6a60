// `pgadvise check` in a process of its own.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/process/process.h"
#include "base/result.h"

namespace pgadvise::cli {

// Runs this program with `words`, a command and its options, behind its name; `variables` in addition to the
// environment. `time_limit`: of the option --time-limit, which the error names. Errors: those of
// run_program().
Result<ProgramRun> run_itself(std::vector<std::string> words,
                              std::vector<std::pair<std::string, std::string>> variables,
                              std::chrono::seconds time_limit, const ProgramHooks& hooks = {});

// Why a run failed: the last line that it wrote on standard error, or its exit code.
std::string reason_of(const ProgramRun& run);

}  // namespace pgadvise::cli
