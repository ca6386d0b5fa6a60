#include "cli/watch_rounds.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/check_process.h"
#include "cli/messages.h"
#include "cli/output.h"

namespace pgadvise::cli {
namespace {

class Rounds {
 public:
  Rounds(const WatchPlan& plan, WatchBoard& board, std::stop_token stop)
      : plan_(plan), board_(board), stop_(std::move(stop)), free_(plan.jobs) {}

  bool run() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < plan_.checks.size(); ++i) threads.emplace_back([this, i] { watch(i); });
    }
    return good_;
  }

 private:
  // Rounds begin `every` seconds after each other; one that takes longer delays the next.
  void watch(std::size_t database) {
    bool good = true;
    for (std::size_t round = 1; !stop_.stop_requested(); ++round) {
      const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(plan_.every);
      good = check_once(database);
      if (round == plan_.rounds) break;
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, stop_, next, [] { return false; });
    }
    if (!good) good_ = false;
  }

  // False if the check failed, which is reported. One that `stop_` ends is no failure.
  bool check_once(std::size_t database) {
    const WatchedCheck& check = plan_.checks[database];
    if (!take_turn()) return true;
    auto [words, variables] = command_of(check);
    auto ran = run_itself(std::move(words), std::move(variables), std::chrono::seconds(plan_.time_limit),
                          {.output = {}, .in_child = {}, .stop = stop_});
    give_turn();
    if (stop_.stop_requested()) return true;
    const bool good = ran && ran->status == exit_clean;
    board_.add(database, good ? std::optional(std::move(ran->out)) : std::nullopt);
    const std::lock_guard lock(printing_);
    if (!good)
      complain({Error::Kind::nonfatal, "watch " + check.database.name,
                ran ? reason_of(*ran) : ran.error().what,
                fmt::format("the next check is in {} seconds at most", plan_.every)});
    else if (!trim(ran->err).empty())
      complain({Error::Kind::nonfatal, "watch " + check.database.name, reason_of(*ran), {}});
    if (plan_.output.empty()) return good;
    if (const auto wrote = write_output(plan_.output, board_.metrics()); !wrote) {
      complain(wrote.error());
      return false;
    }
    return good;
  }

  // False if a stop was requested before there was a turn.
  bool take_turn() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait(lock, stop_, [this] { return free_ > 0; })) return false;
    --free_;
    return true;
  }

  void give_turn() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    wake_.notify_all();
  }

  const WatchPlan& plan_;
  WatchBoard& board_;
  std::stop_token stop_;
  std::mutex mutex_;  // of free_
  std::condition_variable_any wake_;
  std::size_t free_;
  std::mutex printing_;
  std::atomic<bool> good_ = true;
};

}  // namespace

bool run_rounds(const WatchPlan& plan, WatchBoard& board, const std::stop_token& stop) {
  return Rounds(plan, board, stop).run();
}

}  // namespace pgadvise::cli
