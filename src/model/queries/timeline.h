// Calls and query time of a workload by the time at which the calls ended: a histogram over the log's period.
// Merging is exact and independent of order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pgadvise {

class Timeline {
 public:
  // From the first to the last call; the width of buckets, at least a second, grows with the period.
  static constexpr std::size_t max_buckets = 60;

  struct Bucket {
    std::uint64_t calls = 0;
    std::int64_t total_us = 0;  // whole microseconds, so that sums do not depend on order
    bool operator==(const Bucket&) const = default;
  };

  // `time`: microseconds since 1970 in the log's time zone. Constant cost; a call beyond the period of the
  // earlier ones may rebuild the buckets.
  void add(std::int64_t time, Bucket bucket);
  void merge(const Timeline& other);

  bool empty() const { return buckets_.empty(); }
  // The buckets, in order; each begins at a multiple of the width. Empty ones are among them.
  const std::vector<Bucket>& buckets() const { return buckets_; }
  std::int64_t width() const { return width_; }           // microseconds
  std::int64_t start() const { return first_ * width_; }  // of the first bucket; 0 if there is none

  // For readers of files: the buckets as they were written. false: no Timeline has such buckets.
  bool assign(std::int64_t start, std::int64_t width, std::vector<Bucket> buckets);

  bool operator==(const Timeline&) const = default;

 private:
  void widen(std::int64_t width);

  std::int64_t width_ = 1'000'000;
  std::int64_t first_ = 0;  // the first bucket's start, in units of `width_`
  std::vector<Bucket> buckets_;
};

}  // namespace pgadvise
