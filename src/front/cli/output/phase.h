// Shows the phases of a command's work on stderr.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "check/observer.h"

namespace pgadvise::cli {

// A phase that may take long. On a terminal its name is shown on a line of stderr after a second; with
// --verbose its duration is printed at its end. One at a time.
class Phase {
 public:
  // `ticks`: false if the phase shows progress of its own, in place of the line.
  explicit Phase(std::string what, bool ticks = true);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::jthread ticker_;  // shows the line: whoever works has no time for it
};

// An Observer that shows the library's phases and progress.
check::Observer console_observer();

// Runs `work` as a phase with this name, and returns its result.
template <class Work>
auto during(const char* what, const Work& work) {
  const Phase phase(what);
  return work();
}

}  // namespace pgadvise::cli
