#include "model/queries/timeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pgadvise {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t day = 86'400 * second;
constexpr std::int64_t latest = 253'402'300'800 * second;  // the year 10000; a log may state any time
// Each width is a multiple of the one before, so that wider buckets are sums of narrower ones.
constexpr std::int64_t widths[] = {
    second,        5 * second,    15 * second,   30 * second,     60 * second,     300 * second, 900 * second,
    1800 * second, 3600 * second, 7200 * second, 21'600 * second, 43'200 * second, day};

// 2, 4, 8 … days after a day.
std::int64_t wider(std::int64_t width) {
  const auto* next = std::upper_bound(std::begin(widths), std::end(widths), width);
  return next == std::end(widths) ? 2 * width : *next;
}

std::int64_t floor_division(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

void Timeline::widen(std::int64_t width) {
  const std::int64_t factor = width / width_;
  std::vector<Bucket> wide;
  const std::int64_t first = floor_division(first_, factor);
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const auto at =
        static_cast<std::size_t>(floor_division(first_ + static_cast<std::int64_t>(i), factor) - first);
    if (at >= wide.size()) wide.resize(at + 1);
    wide[at].calls += buckets_[i].calls;
    wide[at].total_us += buckets_[i].total_us;
  }
  width_ = width;
  first_ = first;
  buckets_ = std::move(wide);
}

void Timeline::add(std::int64_t time, Bucket bucket) {
  time = std::clamp(time, -latest, latest);
  std::int64_t number = floor_division(time, width_);
  if (buckets_.empty()) first_ = number;
  const auto count = [&] {
    const std::int64_t end = first_ + static_cast<std::int64_t>(buckets_.size());
    return std::max(end, number + 1) - std::min(first_, number);
  };
  while (count() > static_cast<std::int64_t>(max_buckets)) {
    widen(wider(width_));
    number = floor_division(time, width_);
  }
  if (number < first_) {
    buckets_.insert(buckets_.begin(), static_cast<std::size_t>(first_ - number), Bucket{});
    first_ = number;
  }
  const auto at = static_cast<std::size_t>(number - first_);
  if (at >= buckets_.size()) buckets_.resize(at + 1);
  buckets_[at].calls += bucket.calls;
  buckets_[at].total_us += bucket.total_us;
}

void Timeline::merge(const Timeline& other) {
  if (other.empty()) return;
  if (width_ < other.width_) widen(other.width_);
  for (std::size_t i = 0; i < other.buckets_.size(); ++i)
    if (const Bucket& bucket = other.buckets_[i]; bucket.calls || i == 0 || i + 1 == other.buckets_.size())
      add((other.first_ + static_cast<std::int64_t>(i)) * other.width_, bucket);
}

bool Timeline::assign(std::int64_t start, std::int64_t width, std::vector<Bucket> buckets) {
  std::int64_t known = widths[0];
  while (known < width && known < std::int64_t{1} << 61) known = wider(known);
  if (known != width || start % width != 0 || start < -latest - width || start > latest) return false;
  if (buckets.empty() || buckets.size() > max_buckets) return false;
  if (!buckets.front().calls || !buckets.back().calls) return false;
  width_ = width;
  first_ = start / width;
  buckets_ = std::move(buckets);
  return true;
}

}  // namespace pgadvise
