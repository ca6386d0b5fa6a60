// Ctrl-C as a stop token.
#pragma once

#include <stop_token>
#include <thread>

#include "base/interrupt.h"

namespace pgadvise::cli {

// While it lives, the first Ctrl-C requests a stop and the second one ends the program. One at a time.
class StopOnInterrupt {
 public:
  StopOnInterrupt();
  std::stop_token token() const { return stop_.get_token(); }

 private:
  Interruptible interruptible_;
  std::stop_source stop_;
  std::jthread watch_;  // a signal handler may not request a stop itself
};

}  // namespace pgadvise::cli
