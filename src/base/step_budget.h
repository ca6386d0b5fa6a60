// How much work reading the code of a repository may be. Whoever follows constants, calls and imports counts
// steps, and stops when there are none left: the same input ends at the same place on every machine.
#pragma once

#include <chrono>
#include <cstddef>

namespace pgadvise {

class StepBudget {
 public:
  // A step is an expression that is evaluated, 16 properties that are compared, 64 bytes of text that are
  // copied, or 1 KiB of source that is parsed. The schema of simstudioai/sim (16,000 files) takes 24,000, the
  // largest of three public projects; 18,000 tables that reference each other take 272,000.
  static constexpr std::size_t default_most = 1'500'000;
  // The last resort, for steps that take long.
  static constexpr std::chrono::seconds most_time{60};

  explicit StepBudget(std::size_t most = default_most) : most_(most) {}

  // Counts; false when there are no steps left.
  bool take(std::size_t count = 1) {
    used_ += count;
    if (used_ >= next_look_) look_at_clock();
    return !exhausted();
  }
  bool exhausted() const { return used_ > most_ || late_; }
  bool late() const { return late_; }  // the time ended before the steps did
  std::size_t used() const { return used_; }
  std::size_t most() const { return most_; }

 private:
  void look_at_clock() {
    const auto now = std::chrono::steady_clock::now();
    if (next_look_ == 0) begun_ = now;
    late_ = late_ || now - begun_ > most_time;
    next_look_ = used_ + 1000;
  }

  std::size_t most_;
  std::size_t used_ = 0;
  std::size_t next_look_ = 0;
  bool late_ = false;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace pgadvise
