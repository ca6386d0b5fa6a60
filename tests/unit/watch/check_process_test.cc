// How many processes `pgadvise fleet` runs at a time.
#include "watch/check_process.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

namespace pgadvise {
namespace {

TEST(CheckProcess, RunsAFewJobsAtATime) {
  std::atomic<int> running = 0, most = 0;
  std::mutex mutex;
  std::set<std::size_t> done;
  watch::run_jobs(300, 4, {}, [&](std::size_t i) {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    --running;
    const std::lock_guard lock(mutex);
    done.insert(i);
  });
  EXPECT_EQ(done.size(), 300u);
  EXPECT_EQ(*done.rbegin(), 299u);
  EXPECT_LE(most, 4);
  EXPECT_GT(most, 1);
}

TEST(CheckProcess, AStopRequestLeavesOutWhatHasNotBegun) {
  std::stop_source stop;
  std::atomic<int> begun = 0;
  watch::run_jobs(100, 2, stop.get_token(), [&](std::size_t) {
    const int now = ++begun;
    if (now == 10) stop.request_stop();
    while (now > 10 && !stop.stop_requested()) std::this_thread::yield();
  });
  EXPECT_GE(begun, 10);
  EXPECT_LE(begun, 11);
}

}  // namespace
}  // namespace pgadvise
