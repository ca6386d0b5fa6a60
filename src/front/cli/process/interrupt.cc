#include "cli/process/interrupt.h"

#include <chrono>

namespace pgadvise::cli {

StopOnInterrupt::StopOnInterrupt(Interruptible::By by)
    : interruptible_(by), watch_([stop = stop_](const std::stop_token& over) mutable {
        using namespace std::chrono_literals;
        while (!over.stop_requested() && !interrupted()) std::this_thread::sleep_for(20ms);
        if (interrupted()) stop.request_stop();
      }) {}

}  // namespace pgadvise::cli
