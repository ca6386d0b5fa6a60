// Samples of sessions and of waits for locks, summed up in buckets.
#include "store/facts/activity_buckets.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace pgadvise::store {
namespace {

constexpr std::int64_t midnight = 1'700'438'400;

ActivitySample sample_of(std::uint64_t running, std::uint64_t reading) {
  ActivitySample out;
  if (running) out.sessions.push_back({"active", "none", "none", running});
  if (reading) out.sessions.push_back({"active", "IO", "DataFileRead", reading});
  return out;
}

ActivitySample wait_of(const std::string& table, double seconds, double holder_seconds,
                       const std::string& holder = "billing") {
  ActivitySample out;
  ActivitySample::LockWait wait;
  wait.relation = {"public", table};
  wait.mode = "ShareLock";
  wait.holder = holder;
  wait.seconds = seconds;
  wait.holder_seconds = holder_seconds;
  out.lock_waits.push_back(wait);
  return out;
}

const SessionSample& row_of(const Facts& facts, const std::string& event) {
  static const SessionSample none;
  const auto found = std::find_if(facts.session_samples.begin(), facts.session_samples.end(),
                                  [&](const auto& row) { return row.wait_event == event; });
  EXPECT_NE(found, facts.session_samples.end()) << event;
  return found == facts.session_samples.end() ? none : *found;
}

TEST(ActivityBuckets, SumUpTheSamplesOfABucket) {
  ActivityBuckets buckets;
  EXPECT_TRUE(buckets.take("shop", midnight).empty());
  buckets.add(sample_of(3, 0), midnight + 5);
  buckets.add(sample_of(0, 2), midnight + 15);
  buckets.add(sample_of(1, 4), midnight + 25);
  const Facts facts = buckets.take("shop", midnight + 35);
  EXPECT_EQ(facts.target, "shop");
  ASSERT_EQ(facts.session_samples.size(), 2u);
  const SessionSample& running = row_of(facts, "none");
  EXPECT_EQ(running.bucket_start, midnight + 5);
  EXPECT_EQ(running.bucket_seconds, 30);
  EXPECT_EQ(running.samples, 3u);
  EXPECT_EQ(running.sessions, 4u);
  EXPECT_EQ(running.max_sessions, 3u);
  const SessionSample& reading = row_of(facts, "DataFileRead");
  EXPECT_EQ(reading.samples, 3u) << "also the sample without such a session";
  EXPECT_EQ(reading.sessions, 6u);
  EXPECT_TRUE(buckets.take("shop", midnight + 36).empty()) << "taken";
}

TEST(ActivityBuckets, AnIdleDatabaseHasARow) {
  ActivityBuckets buckets;
  buckets.add({}, midnight);
  const Facts facts = buckets.take("shop", midnight);
  ASSERT_EQ(facts.session_samples.size(), 1u);
  EXPECT_EQ(facts.session_samples[0].state, "active");
  EXPECT_EQ(facts.session_samples[0].samples, 1u);
  EXPECT_EQ(facts.session_samples[0].sessions, 0u);
}

TEST(ActivityBuckets, ABucketEndsWithTheHour) {
  ActivityBuckets buckets;
  buckets.add(sample_of(1, 0), midnight + 3590);
  buckets.add(sample_of(2, 0), midnight + 3600);
  const Facts facts = buckets.take("shop", midnight + 3610);
  ASSERT_EQ(facts.session_samples.size(), 2u);
  EXPECT_EQ(facts.session_samples[0].bucket_start, midnight + 3590);
  EXPECT_EQ(facts.session_samples[0].bucket_seconds, 10);
  EXPECT_EQ(facts.session_samples[1].bucket_start, midnight + 3600);
}

TEST(ActivityBuckets, TwoBucketsOfOneSecondHaveDifferentKeys) {
  ActivityBuckets buckets;
  buckets.add(sample_of(1, 0), midnight);
  const Facts first = buckets.take("shop", midnight);
  buckets.add(sample_of(1, 0), midnight);
  const Facts second = buckets.take("shop", midnight);
  EXPECT_NE(first.session_samples.front().bucket_start, second.session_samples.front().bucket_start);
}

TEST(ActivityBuckets, AClockThatGoesBackRepeatsNoKey) {
  ActivityBuckets buckets;
  for (const std::int64_t now : {midnight - 10, midnight + 10, midnight - 10, midnight + 10})
    buckets.add(sample_of(1, 0), now);
  std::set<std::int64_t> starts;
  for (const auto& row : buckets.take("shop", midnight + 20).session_samples) starts.insert(row.bucket_start);
  EXPECT_EQ(starts.size(), 4U);
}

TEST(ActivityBuckets, OfWaitsForALockTheLongestCounts) {
  ActivityBuckets buckets;
  ActivitySample two = wait_of("orders", 3, 9);
  two.lock_waits.push_back(wait_of("orders", 5, 4).lock_waits.front());
  buckets.add(two, midnight);
  buckets.add(wait_of("orders", 1, 1), midnight + 10);
  buckets.add(wait_of("orders", 2, 2, "worker"), midnight + 20);
  const Facts facts = buckets.take("shop", midnight + 30);
  ASSERT_EQ(facts.lock_wait_samples.size(), 2u);
  EXPECT_EQ(facts.lock_wait_samples[0].holder, "billing");
  EXPECT_EQ(facts.lock_wait_samples[0].samples, 2u) << "samples, not sessions";
  EXPECT_EQ(facts.lock_wait_samples[0].max_wait_seconds, 5);
  EXPECT_EQ(facts.lock_wait_samples[0].max_holder_seconds, 9);
  EXPECT_EQ(facts.lock_wait_samples[1].holder, "worker");
}

TEST(ActivityBuckets, AreBounded) {
  ActivityBuckets buckets;
  for (int i = 0; i < 1000; ++i) {
    ActivitySample sample = wait_of("orders", i, i, "worker-" + std::to_string(i));
    sample.sessions.push_back({"active", "Extension", "event-" + std::to_string(i), 1});
    buckets.add(sample, midnight + i);
  }
  const Facts facts = buckets.take("shop", midnight + 1000);
  EXPECT_EQ(facts.session_samples.size(), max_session_combinations + 1);
  std::uint64_t sessions = 0;
  for (const auto& row : facts.session_samples) sessions += row.sessions;
  EXPECT_EQ(sessions, 1000u) << "the rest counts, too";
  EXPECT_EQ(row_of(facts, "other").state, "active");
  ASSERT_EQ(facts.lock_wait_samples.size(), max_lock_wait_combinations + 1);
  EXPECT_EQ(facts.lock_wait_samples.front().mode, "other");
  EXPECT_EQ(facts.lock_wait_samples.front().max_wait_seconds, 999);
}

TEST(ActivityBuckets, DropTheOldestBucket) {
  ActivityBuckets buckets;
  for (int i = 0; i < 100; ++i) buckets.add(sample_of(1, 0), midnight + i * std::int64_t{3600});
  const Facts facts = buckets.take("shop", midnight + 100 * std::int64_t{3600});
  EXPECT_EQ(facts.session_samples.size(), max_buckets);
  EXPECT_EQ(facts.session_samples.back().bucket_start, midnight + 99 * std::int64_t{3600});
}

}  // namespace
}  // namespace pgadvise::store
