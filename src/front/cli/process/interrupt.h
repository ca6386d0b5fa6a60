// Turns Ctrl-C into a stop request.
#pragma once

#include <stop_token>
#include <thread>

#include "base/process/interrupt.h"

namespace pgadvise::cli {

// While an object lives, signals request a stop: only the first Ctrl-C, after which a second one ends the
// program, or all signals that would end it. At most one object at a time.
class StopOnInterrupt {
 public:
  explicit StopOnInterrupt(Interruptible::By by = Interruptible::By::first_interrupt);
  std::stop_token token() const { return stop_.get_token(); }

 private:
  Interruptible interruptible_;
  std::stop_source stop_;
  std::jthread watch_;  // a signal handler must not request a stop itself
};

}  // namespace pgadvise::cli
