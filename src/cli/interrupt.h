// Ctrl-C as a stop token.
#pragma once

#include <stop_token>
#include <thread>

#include "base/interrupt.h"

namespace pgadvise::cli {

// While it lives, signals request a stop: the first Ctrl-C, after which a second one ends the program, or
// each that would end it. One at a time.
class StopOnInterrupt {
 public:
  explicit StopOnInterrupt(Interruptible::By by = Interruptible::By::first_interrupt);
  std::stop_token token() const { return stop_.get_token(); }

 private:
  Interruptible interruptible_;
  std::stop_source stop_;
  std::jthread watch_;  // a signal handler may not request a stop itself
};

}  // namespace pgadvise::cli
