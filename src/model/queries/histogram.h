// An exponential histogram of latencies. Merging is exact and independent of order, so percentiles survive
// the merging of workloads. Base 2^(2^-4), as in OpenTelemetry's scale 4 and Prometheus' schema 4: the error
// of a percentile is at most 2.2 %.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgadvise {

// Durations are summed up in whole nanoseconds, as the order of floating-point additions would affect the
// result.
inline std::int64_t nanoseconds(double milliseconds) {
  constexpr double longest = 1e12;  // 31 years
  if (!(milliseconds > 0)) return 0;
  return static_cast<std::int64_t>(std::min(milliseconds, longest) * 1e6 + 0.5);
}
inline std::int64_t add_nanoseconds(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

class Histogram {
 public:
  // Bucket i covers [2^(i/16), 2^((i+1)/16)) microseconds. The first bucket also counts shorter durations,
  // the last one (over 12 days) longer ones.
  static constexpr std::uint16_t last_bucket = 16 * 40;
  struct Bucket {
    std::uint16_t index;
    std::uint64_t count;
    bool operator==(const Bucket&) const = default;
  };

  static std::uint16_t index_of(std::int64_t ns) {
    const double us = static_cast<double>(ns) / 1000;
    if (us < 1) return 0;
    const auto bits = std::bit_cast<std::uint64_t>(us);
    const auto exponent = static_cast<std::int64_t>(bits >> 52) - 1023;
    const double mantissa =
        std::bit_cast<double>((bits & ((std::uint64_t{1} << 52) - 1)) | std::uint64_t{1023} << 52);  // [1, 2)
    // A 64th of an octave contains at most one bucket boundary.
    int step = step_of[bits >> 46 & 63];
    step += mantissa >= steps[step + 1];
    return static_cast<std::uint16_t>(std::min<std::int64_t>(16 * exponent + step, last_bucket));
  }

  // The representative value of a bucket; its relative error is at most 2^(1/32).
  static double middle_ms(std::uint16_t index) { return std::exp2((index + 0.5) / 16) / 1000; }

  void add(std::int64_t ns) { add_bucket(index_of(ns), 1); }

  void add_bucket(std::uint16_t index, std::uint64_t count) {
    if (counts_.empty()) first_ = index;
    if (index < first_) {
      counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - index), 0);
      first_ = index;
    }
    const auto at = static_cast<std::size_t>(index - first_);
    if (at >= counts_.size()) counts_.resize(at + 1);
    counts_[at] += count;
  }

  void merge(const Histogram& other) {
    for (const auto& bucket : other.buckets()) add_bucket(bucket.index, bucket.count);
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const auto count : counts_) sum += count;
    return sum;
  }

  // The percentile by nearest rank, 0 < share <= 1; nullopt when empty.
  std::optional<double> percentile_ms(double share) const {
    const std::uint64_t all = count();
    if (all == 0) return std::nullopt;
    const auto rank =
        std::clamp<double>(std::ceil(share * static_cast<double>(all)), 1, static_cast<double>(all));
    double seen = 0;
    const auto list = buckets();
    for (const auto& bucket : list)
      if ((seen += static_cast<double>(bucket.count)) >= rank) return middle_ms(bucket.index);
    return middle_ms(list.back().index);
  }

  std::vector<Bucket> buckets() const {  // sorted, without empty buckets
    std::vector<Bucket> out;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i]) out.push_back({static_cast<std::uint16_t>(first_ + i), counts_[i]});
    return out;
  }
  bool operator==(const Histogram& other) const { return buckets() == other.buckets(); }

 private:
  // 2^(i/16), and an upper bound for all values
  static constexpr std::array<double, 17> steps = {
      1.0000000000000000, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916, 1.1892071150027210,
      1.2418578120734840, 1.2968395546510096, 1.3542555469368927, 1.4142135623730951, 1.4768261459394993,
      1.5422108254079407, 1.6104903319492543, 1.6817928305074290, 1.7562521603732995, 1.8340080864093424,
      1.9152065613971474, 2.0000000000000000};
  static constexpr std::array<std::uint8_t, 64> step_of = [] {
    std::array<std::uint8_t, 64> out{};
    for (int cell = 0; cell < 64; ++cell)
      for (int step = 0; step < 16; ++step)
        if (steps[step] <= 1 + cell / 64.0) out[cell] = static_cast<std::uint8_t>(step);
    return out;
  }();

  std::uint16_t first_ = 0;  // bucket of counts_[0]
  std::vector<std::uint64_t> counts_;
};

}  // namespace pgadvise
