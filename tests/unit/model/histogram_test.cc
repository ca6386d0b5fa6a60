// What a histogram promises: it merges exactly in any order, and no percentile errs by more than 2.2 %.
#include "model/queries/histogram.h"

#include <random>

#include <gtest/gtest.h>

namespace pgadvise {
namespace {

std::vector<std::int64_t> durations(unsigned seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> usual(std::log(2e6), 2.5);  // around 2 ms
  std::uniform_real_distribution<double> exponent(3, 12.55);      // 1 us to 1 h
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(std::clamp<std::int64_t>(
        std::llround(seed % 2 ? usual(random) : std::pow(10, exponent(random))), 1000, 3'600'000'000'000));
  return out;
}

Histogram histogram(const std::vector<std::int64_t>& values) {
  Histogram out;
  for (const auto value : values) out.add(value);
  return out;
}

TEST(Histogram, PercentilesErrByTwoPercent) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    auto values = durations(seed, 1 + seed * 37);
    const Histogram found = histogram(values);
    std::sort(values.begin(), values.end());
    for (const double share : {0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0}) {
      const auto rank = std::max<std::size_t>(
          1, static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size()))));
      const double exact = static_cast<double>(values[rank - 1]) / 1e6;
      EXPECT_NEAR(found.percentile_ms(share).value(), exact, exact * 0.022) << seed << " " << share;
    }
  }
}

TEST(Histogram, MergesExactlyInAnyOrder) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto first = durations(seed, 200), second = durations(seed + 100, 3),
               third = durations(seed + 201, 77);
    const Histogram a = histogram(first), b = histogram(second), c = histogram(third);
    Histogram ab = a, ba = b, bc = b;
    ab.merge(b);
    ba.merge(a);
    bc.merge(c);
    EXPECT_EQ(ab, ba);
    Histogram left = ab, right = a;
    left.merge(c);
    right.merge(bc);
    EXPECT_EQ(left, right);
    auto all = first;
    all.insert(all.end(), second.begin(), second.end());
    all.insert(all.end(), third.begin(), third.end());
    EXPECT_EQ(left, histogram(all)) << "as if all had been seen by one";
    Histogram none = a;
    none.merge({});
    EXPECT_EQ(none, a);
  }
}

TEST(Histogram, EachBucketBeginsWhereTheLastEnds) {
  for (std::uint16_t index = 1; index <= Histogram::last_bucket; ++index) {
    const double start_ns = std::exp2(index / 16.0) * 1000;
    if (index > 48) {  // nanoseconds are too coarse to look at the edges of the first ones
      EXPECT_EQ(Histogram::index_of(static_cast<std::int64_t>(std::ceil(start_ns * (1 + 1e-9)))), index);
      EXPECT_EQ(Histogram::index_of(static_cast<std::int64_t>(std::floor(start_ns * (1 - 1e-9)))), index - 1);
    }
    EXPECT_GT(Histogram::middle_ms(index) * 1e6, start_ns);
  }
}

TEST(Histogram, WhatIsOutOfRangeIsKeptAtTheEnds) {
  for (const std::int64_t ns :
       {INT64_MIN, std::int64_t{-5}, std::int64_t{0}, std::int64_t{1}, std::int64_t{999}})
    EXPECT_EQ(Histogram::index_of(ns), 0);
  EXPECT_EQ(Histogram::index_of(INT64_MAX), Histogram::last_bucket);
  EXPECT_FALSE(Histogram().percentile_ms(0.5));
  EXPECT_EQ(nanoseconds(-1), 0);
  EXPECT_EQ(nanoseconds(std::nan("")), 0);
  EXPECT_EQ(nanoseconds(1e300), nanoseconds(1e12));
  EXPECT_EQ(nanoseconds(0.455), 455000);
  EXPECT_EQ(add_nanoseconds(INT64_MAX, 1), INT64_MAX);
}

}  // namespace
}  // namespace pgadvise
