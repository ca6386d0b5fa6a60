#include "cli/output/phase.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "cli/output/progress.h"
#include "cli/process/verbosity.h"

namespace pgadvise::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// One line, until a stop is requested.
void show_time(const std::stop_token& over, const std::string& what) {
  using namespace std::chrono_literals;
  ProgressLine line;
  const auto start = Clock::now();
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any wake;
  while (!over.stop_requested()) {
    wake.wait_for(lock, over, 200ms, [] { return false; });
    if (!over.stop_requested()) line.show(fmt::format("pgadvise: {}, {:.0f} s", what, seconds_since(start)));
  }
}

}  // namespace

Phase::Phase(std::string what, bool ticks) : what_(std::move(what)) {
  if (ticks && ProgressLine().wanted()) ticker_ = std::jthread(show_time, what_);
}

Phase::~Phase() {
  ticker_ = {};  // ends the thread
  print_verbose(fmt::format("{} took {:.2f} s", what_, seconds_since(start_)));
}

check::Observer console_observer() {
  struct Shown {
    std::unique_ptr<Phase> phase;
    std::unique_ptr<ProgressLine> line;
  };
  const auto shown = std::make_shared<Shown>();
  check::Observer out;
  out.phase = [shown](std::string_view name, bool begins, bool progress) {
    shown->line.reset();
    shown->phase.reset();
    if (!begins) return;
    shown->phase = std::make_unique<Phase>(std::string(name), !progress);
    if (progress) shown->line = std::make_unique<ProgressLine>();
  };
  out.detail = print_verbose;
  out.command = [](std::string_view line) { fmt::print(stderr, "  | {}\n", line); };
  out.sent = sent_observer();
  if (!ProgressLine().wanted()) return out;
  out.log = [shown](const log::Progress& progress) {
    if (shown->line) shown->line->show(progress);
  };
  out.counted = [shown](std::string_view text) {
    if (shown->line) shown->line->show(fmt::format("pgadvise: {}", text));
  };
  return out;
}

}  // namespace pgadvise::cli
