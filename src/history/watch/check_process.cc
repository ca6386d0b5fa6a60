#include "watch/check_process.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::watch {

Result<ProgramRun> run_itself(std::vector<std::string> words,
                              std::vector<std::pair<std::string, std::string>> variables,
                              std::chrono::seconds time_limit, const ProgramHooks& hooks) {
  for (const char* name : withheld_variables)
    if (const char* value = std::getenv(name);
        value &&
        std::ranges::none_of(variables, [&](const auto& variable) { return variable.first == name; }))
      variables.emplace_back(name, value);
  const std::string late = fmt::format(
      "the {} did not end within --time-limit ({} s); the database, the log or the store did not answer, or "
      "needs more time",
      words.empty() ? "program" : words.front(), time_limit.count());
  words.insert(words.begin(), "/proc/self/exe");
  ProgramLimits limits;
  limits.time = time_limit;
  limits.on_time = late;
  return run_program(words, variables, limits, hooks);
}

std::string reason_of(const ProgramRun& run) {
  std::string_view text = trim(run.err);
  if (const auto end = text.rfind('\n'); end != std::string_view::npos) text.remove_prefix(end + 1);
  constexpr std::string_view prefix = "pgadvise: ";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text.empty() ? fmt::format("pgadvise check ended with exit code {}", run.status)
                      : ellipsis(text, 500);
}

void run_jobs(std::size_t count, std::size_t jobs, const std::stop_token& stop,
              const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(count, jobs); ++i)
    threads.emplace_back([&] {
      while (!stop.stop_requested()) {
        const std::size_t at = next.fetch_add(1);
        if (at >= count) return;
        work(at);
      }
    });
}

}  // namespace pgadvise::watch
