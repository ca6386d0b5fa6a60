// Sums up samples of the activity of a database into facts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "model/queries/activity.h"
#include "store/facts/facts.h"

namespace pgadvise::store {

// The most combinations that a bucket tells apart.
inline constexpr std::size_t max_session_combinations = 200;
inline constexpr std::size_t max_lock_wait_combinations = 100;
inline constexpr std::size_t max_buckets = 48;  // the oldest beyond are dropped

// The buckets of one database since the last take(). A bucket ends with the hour (UTC), and with take().
class ActivityBuckets {
 public:
  // `now`: seconds since 1970. Further combinations count as sessions that wait for "other", and as waits for
  // a lock in mode "other" on an unknown relation.
  void add(const ActivitySample& sample, std::int64_t now);

  // The session_samples and lock_wait_samples of `target`; empty if there was no sample. Begins anew.
  Facts take(const std::string& target, std::int64_t now);

 private:
  using Words = std::tuple<std::string, std::string, std::string>;               // state, type, event
  using Queue = std::tuple<std::string, std::string, std::string, std::string>;  // schema, name, mode, holder

  void end_bucket(std::int64_t now);

  std::int64_t start_ = 0;       // of the bucket that is not over
  std::int64_t last_start_ = 0;  // of any bucket
  std::uint64_t samples_ = 0;    // 0: no bucket has begun
  std::map<Words, SessionSample> sessions_;
  std::map<Queue, LockWaitSample> waits_;
  std::map<std::int64_t, Facts> ended_;  // by start
};

}  // namespace pgadvise::store
