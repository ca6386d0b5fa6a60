// The parts of a command's work, and what people see of them while they run.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "check/observer.h"

namespace pgadvise::cli {

// A part of the work that may take long. On a terminal what it is stands on a line of stderr from the first
// second on; with --verbose its time is told at its end. One at a time.
class Phase {
 public:
  // `ticks`: no line of its own where the part itself tells how far it is.
  explicit Phase(std::string what, bool ticks = true);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  struct Ticker;
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Ticker> ticker_;
};

// Shows phases and progress of the library as this program does.
check::Observer console_observer();

// What `work` gives, as a phase of that name.
template <class Work>
auto during(const char* what, const Work& work) {
  const Phase phase(what);
  return work();
}

}  // namespace pgadvise::cli
