// Latencies as an exponential histogram: it merges exactly, in any order, so that percentiles survive the merging of
// workloads. Base 2^(2^-4), that of OpenTelemetry's scale 4 and Prometheus' schema 4: no percentile errs by more than
// 2.2 %.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgadvise {

// Durations are summed up as whole nanoseconds: the order of floating-point additions would show in the result.
inline std::int64_t nanoseconds(double milliseconds) {
  constexpr double longest = 1e12;  // 31 years
  if (!(milliseconds > 0)) return 0;
  return std::llround(std::min(milliseconds, longest) * 1e6);
}
inline std::int64_t add_nanoseconds(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

class Histogram {
 public:
  // Bucket i holds [2^(i/16), 2^((i+1)/16)) microseconds; the first one also what is shorter, the last one (over 12 days)
  // what is longer.
  static constexpr std::uint16_t last_bucket = 16 * 40;
  struct Bucket {
    std::uint16_t index;
    std::uint64_t count;
    bool operator==(const Bucket&) const = default;
  };

  static std::uint16_t index_of(std::int64_t ns) {
    constexpr double steps[] = {1,
                                1.0442737824274138,
                                1.0905077326652577,
                                1.1387886347566916,
                                1.1892071150027210,
                                1.2418578120734840,
                                1.2968395546510096,
                                1.3542555469368927,
                                1.4142135623730951,
                                1.4768261459394993,
                                1.5422108254079407,
                                1.6104903319492543,
                                1.6817928305074290,
                                1.7562521603732995,
                                1.8340080864093424,
                                1.9152065613971474};
    const double us = static_cast<double>(ns) / 1000;
    if (us < 1) return 0;
    int exponent = 0;
    const double mantissa = std::frexp(us, &exponent) * 2;  // [1, 2)
    const auto step = std::upper_bound(std::begin(steps), std::end(steps), mantissa) - std::begin(steps) - 1;
    const auto index = 16 * static_cast<std::int64_t>(exponent - 1) + step;
    return static_cast<std::uint16_t>(std::min<std::int64_t>(index, last_bucket));
  }

  // The value that stands for a bucket errs by at most 2^(1/32) either way.
  static double middle_ms(std::uint16_t index) { return std::exp2((index + 0.5) / 16) / 1000; }

  void add(std::int64_t ns) { add_bucket(index_of(ns), 1); }

  void add_bucket(std::uint16_t index, std::uint64_t count) {
    const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                     [](const Bucket& bucket, std::uint16_t wanted) { return bucket.index < wanted; });
    if (at != buckets_.end() && at->index == index) at->count += count;
    else buckets_.insert(at, {index, count});
  }

  void merge(const Histogram& other) {
    for (const auto& bucket : other.buckets_) add_bucket(bucket.index, bucket.count);
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const auto& bucket : buckets_) sum += bucket.count;
    return sum;
  }

  // By nearest rank, 0 < share <= 1; nullopt when empty.
  std::optional<double> percentile_ms(double share) const {
    const std::uint64_t all = count();
    if (all == 0) return std::nullopt;
    const auto rank = std::clamp<double>(std::ceil(share * static_cast<double>(all)), 1, static_cast<double>(all));
    double seen = 0;
    for (const auto& bucket : buckets_)
      if ((seen += static_cast<double>(bucket.count)) >= rank) return middle_ms(bucket.index);
    return middle_ms(buckets_.back().index);
  }

  const std::vector<Bucket>& buckets() const { return buckets_; }  // sorted, none empty
  bool operator==(const Histogram&) const = default;

 private:
  std::vector<Bucket> buckets_;
};

}  // namespace pgadvise
