#include "base/process/interrupt.h"

#include <atomic>
#include <csignal>

namespace pgadvise {
namespace {

constexpr std::array<int, 3> endings = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> was_interrupted{false};

extern "C" void take_once(int signal) {
  was_interrupted = true;
  std::signal(signal, SIG_DFL);
}
extern "C" void take(int) { was_interrupted = true; }

}  // namespace

Interruptible::Interruptible(By by) : taken_(by == By::any_ending ? endings.size() : 1) {
  for (std::size_t i = 0; i < taken_; ++i) {
    before_[i] = std::signal(endings[i], by == By::any_ending ? take : take_once);
    if (before_[i] == SIG_IGN) std::signal(endings[i], SIG_IGN);
  }
}
Interruptible::~Interruptible() {
  for (std::size_t i = 0; i < taken_; ++i)
    std::signal(endings[i], before_[i] == SIG_ERR ? SIG_DFL : before_[i]);
}

bool interrupted() { return was_interrupted; }

}  // namespace pgadvise
