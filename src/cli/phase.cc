#include "cli/phase.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "cli/progress.h"
#include "cli/talk.h"

namespace pgadvise::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

// Its own thread, as what works has none to spare.
struct Phase::Ticker {
  explicit Ticker(const std::string& what) : thread([this, what] { run(what); }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    changed.notify_all();
    thread.join();
  }
  void run(const std::string& what) {
    using namespace std::chrono_literals;
    ProgressLine line;
    const auto start = Clock::now();
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, 200ms, [this] { return over; })) line.show(fmt::format("pgadvise: {}, {:.0f} s", what, seconds_since(start)));
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  std::thread thread;
};

Phase::Phase(std::string what, bool ticks) : what_(std::move(what)) {
  if (ticks && ProgressLine().wanted()) ticker_ = std::make_unique<Ticker>(what_);
}

Phase::~Phase() {
  ticker_.reset();
  tell_verbose(fmt::format("{} took {:.2f} s", what_, seconds_since(start_)));
}

}  // namespace pgadvise::cli
