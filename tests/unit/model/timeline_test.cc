#include "model/queries/timeline.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace pgadvise {
namespace {

constexpr std::int64_t second = 1'000'000;

std::uint64_t calls(const Timeline& timeline) {
  std::uint64_t sum = 0;
  for (const auto& bucket : timeline.buckets()) sum += bucket.calls;
  return sum;
}

TEST(Timeline, WidthGrowsWithThePeriod) {
  Timeline timeline;
  EXPECT_TRUE(timeline.empty());
  timeline.add(1000 * second + 1, {1, 5});
  timeline.add(1059 * second, {1, 7});
  EXPECT_EQ(timeline.width(), second);
  EXPECT_EQ(timeline.start(), 1000 * second);
  EXPECT_EQ(timeline.buckets().size(), 60U);
  timeline.add(1060 * second, {1, 0});
  EXPECT_EQ(timeline.width(), 5 * second);
  EXPECT_EQ(timeline.buckets().size(), 13U);
  timeline.add(1000 * second + 86'400 * 100 * second, {1, 0});
  EXPECT_EQ(timeline.width(), 2 * 86'400 * second);
  EXPECT_EQ(calls(timeline), 4U);
  EXPECT_EQ(timeline.buckets().front(), (Timeline::Bucket{3, 12}));
}

TEST(Timeline, AnyTimeIsTaken) {
  Timeline timeline;
  for (const std::int64_t time : {INT64_MIN + 1, INT64_MAX, std::int64_t{0}, std::int64_t{-1}})
    timeline.add(time, {1, 0});
  EXPECT_EQ(calls(timeline), 4U);
  EXPECT_LE(timeline.buckets().size(), Timeline::max_buckets);
}

// Whichever comes first, and however they were merged before.
TEST(Timeline, OrderDoesNotShow) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t span = std::int64_t{1} << random() % 50;
    std::vector<std::int64_t> times(1 + random() % 40);
    for (auto& time : times) time = -second * 50 + static_cast<std::int64_t>(random()) * 1000 % span;
    const auto of = [&] {
      Timeline parts[3];
      for (const auto time : times) parts[random() % 3].add(time, {1, time % 7 + 7});
      parts[0].merge(parts[1]);
      parts[2].merge(parts[0]);
      return parts[2];
    };
    const Timeline first = of();
    std::shuffle(times.begin(), times.end(), random);
    EXPECT_EQ(of(), first) << round;
    Timeline read;
    ASSERT_TRUE(read.assign(first.start(), first.width(), first.buckets()));
    EXPECT_EQ(read, first);
  }
}

TEST(Timeline, OnlyItsOwnBucketsAreRead) {
  Timeline timeline;
  const std::vector<Timeline::Bucket> one{{1, 1}};
  EXPECT_TRUE(timeline.assign(-10 * second, 5 * second, one));
  EXPECT_FALSE(timeline.assign(1, 5 * second, one)) << "no multiple of the width";
  EXPECT_FALSE(timeline.assign(0, 7 * second, one));
  EXPECT_FALSE(timeline.assign(0, 0, one));
  EXPECT_FALSE(timeline.assign(0, -second, one));
  EXPECT_FALSE(timeline.assign(0, INT64_MAX, one));
  EXPECT_FALSE(timeline.assign(0, second, {}));
  EXPECT_FALSE(timeline.assign(0, second, {{1, 1}, {0, 0}}));
  EXPECT_FALSE(timeline.assign(0, second, std::vector<Timeline::Bucket>(61, {1, 1})));
}

}  // namespace
}  // namespace pgadvise
