#include "base/interrupt.h"

#include <atomic>
#include <csignal>

namespace pgadvise {
namespace {

std::atomic<bool> was_interrupted{false};

extern "C" void take_interrupt(int) {
  was_interrupted = true;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace

Interruptible::Interruptible() : before_(std::signal(SIGINT, take_interrupt)) {
  if (before_ == SIG_IGN) std::signal(SIGINT, SIG_IGN);  // in the background of a shell
}
Interruptible::~Interruptible() { std::signal(SIGINT, before_ == SIG_ERR ? SIG_DFL : before_); }

bool interrupted() { return was_interrupted; }

}  // namespace pgadvise
