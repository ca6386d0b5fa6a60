// Query statistics from two readings of pg_stat_statements.
#include <string>

#include <gtest/gtest.h>

#include "store/counters.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

constexpr std::int64_t hour = 3600;

Query query_of(const std::string& fingerprint, std::uint64_t calls, double total_ms, std::uint64_t rows = 0) {
  Query out;
  out.fingerprint = fingerprint;
  out.text = "SELECT '" + fingerprint + "'";
  out.calls = out.timed_calls = out.rows_calls = calls;
  out.total_ms = total_ms;
  out.rows = rows;
  return out;
}

Workload reading(std::vector<Query> queries, const std::string& server = "server") {
  Workload out;
  LogSource source;
  source.format = "pg_stat_statements";
  source.identity.marks = server;
  out.sources.push_back(std::move(source));
  out.queries = std::move(queries);
  return out;
}

TEST(Counters, AreStoredByWhatTheyGrewBy) {
  CounterState state;
  EXPECT_TRUE(add_reading(state, reading({query_of("a", 100, 500, 7)}), monday + 60).empty())
      << "the first one";
  const auto found =
      add_reading(state, reading({query_of("a", 110, 530, 9), query_of("b", 5, 10)}), monday + 660);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].class_id, "a");
  EXPECT_EQ(found[0].calls, 10U);
  EXPECT_EQ(found[0].timed_calls, 10U);
  EXPECT_EQ(found[0].total_ns, 30'000'000);
  EXPECT_EQ(found[0].rows, 2U);
  EXPECT_EQ(found[0].bucket_start, monday);
  EXPECT_EQ(found[0].bucket_seconds, hour);
  EXPECT_EQ(found[0].text, "SELECT 'a'");
  EXPECT_TRUE(found[0].times.buckets().empty());
  EXPECT_EQ(found[1].calls, 5U) << "new since the reading before";
  EXPECT_EQ(found[0].source, found[1].source);
  EXPECT_FALSE(found[0].source.empty());
}

TEST(Counters, AddUpWithinTheHour) {
  CounterState state;
  add_reading(state, reading({query_of("a", 100, 500), query_of("b", 1, 1)}), monday + 60);
  const auto first =
      add_reading(state, reading({query_of("a", 110, 600), query_of("b", 2, 2)}), monday + 600);
  // The entry of b was evicted meanwhile.
  const auto second = add_reading(state, reading({query_of("a", 115, 650)}), monday + 1200);
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].calls, 15U);
  EXPECT_EQ(second[0].total_ns, 150'000'000);
  EXPECT_EQ(second[1].calls, 1U) << "b ran in this hour";
  EXPECT_EQ(second[0].source, first[0].source) << "a store replaces the first by the second";
  EXPECT_GT(second[0].source_size, first[0].source_size);
  // Time that begins in this hour and ends in the next one counts here; what follows in the next one.
  const auto third = add_reading(state, reading({query_of("a", 116, 651)}), monday + hour + 300);
  EXPECT_EQ(third[0].bucket_start, monday);
  EXPECT_EQ(third[0].calls, 16U);
  const auto fourth = add_reading(state, reading({query_of("a", 119, 660)}), monday + hour + 900);
  ASSERT_EQ(fourth.size(), 1U);
  EXPECT_EQ(fourth[0].bucket_start, monday + hour);
  EXPECT_EQ(fourth[0].calls, 3U);
  EXPECT_NE(fourth[0].source, third[0].source);
}

TEST(Counters, HaveBucketsOfWholeHours) {
  CounterState state;
  add_reading(state, reading({query_of("a", 1, 1)}), monday + 1800);
  const auto six = add_reading(state, reading({query_of("a", 2, 2)}), monday + 1800 + 6 * hour + 20);
  ASSERT_EQ(six.size(), 1U);
  EXPECT_EQ(six[0].bucket_start, monday);
  EXPECT_EQ(six[0].bucket_seconds, 6 * hour);
  const auto one = add_reading(state, reading({query_of("a", 3, 3)}), monday + 1800 + 7 * hour + 25);
  EXPECT_EQ(one[0].bucket_seconds, hour) << "a few seconds more than an hour";
}

TEST(Counters, BeginAnewAfterAResetOrAFailover) {
  CounterState state;
  add_reading(state, reading({query_of("a", 100, 500)}), monday);
  EXPECT_TRUE(add_reading(state, reading({query_of("a", 900, 9000)}, "replica"), monday + 60).empty());
  const auto next = add_reading(state, reading({query_of("a", 901, 9001)}, "replica"), monday + 120);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].calls, 1U);
  EXPECT_TRUE(add_reading(state, reading({query_of("a", 950, 9500)}, "replica"), monday + 10 * day).empty())
      << "more than a week";
  EXPECT_TRUE(add_reading(state, reading({query_of("a", 951, 9501)}, "replica"), monday).empty())
      << "the clock was set back";
}

TEST(Counters, ThatWentDownAloneBeganAtZero) {
  CounterState state;
  add_reading(state, reading({query_of("a", 100, 500), query_of("b", 10, 10)}), monday);
  const auto found = add_reading(state, reading({query_of("a", 4, 8), query_of("b", 11, 11)}), monday + 60);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].calls, 4U);
  EXPECT_EQ(found[0].total_ns, 8'000'000);
  EXPECT_EQ(found[1].calls, 1U);
  const auto less = add_reading(state, reading({query_of("a", 3, 7), query_of("b", 12, 12)}), monday + 120);
  ASSERT_EQ(less.size(), 2U);
  EXPECT_EQ(less[0].calls, 4U) << "one entry of several was removed: nothing is known of this minute";
  EXPECT_EQ(less[1].calls, 2U);
}

TEST(Counters, OfAQueryThatDidNotRunAreNotStored) {
  CounterState state;
  add_reading(state, reading({query_of("a", 100, 500)}), monday);
  EXPECT_TRUE(add_reading(state, reading({query_of("a", 100, 500)}), monday + 60).empty());
}

TEST(Counters, AreThoseOfPgStatStatementsOnly) {
  CounterState state;
  Workload log = reading({query_of("a", 100, 500)});
  log.sources.front().format = "stderr";
  EXPECT_TRUE(add_reading(state, log, monday).empty());
  EXPECT_TRUE(add_reading(state, Workload{}, monday).empty());
  EXPECT_EQ(state.taken, 0);
}

TEST(Counters, SurviveARestart) {
  CounterState state;
  add_reading(state, reading({query_of("a", 100, 500)}), monday);
  add_reading(state, reading({query_of("a", 110, 600)}), monday + 60);
  auto read = read_counters_json(counters_json(state));
  EXPECT_EQ(counters_json(read), counters_json(state));
  const auto found = add_reading(read, reading({query_of("a", 111, 601)}), monday + 120);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].calls, 11U);
  for (const char* damaged :
       {"", "{", "[]", "null", R"({"pgadvise_counters":1})", R"({"pgadvise_counters":2})",
        R"({"pgadvise_counters":1,"server":"s","taken":"x"})",
        R"({"pgadvise_counters":1,"server":"s","taken":-9223372036854775808,"before":{},"bucket_start":0,)"
        R"("bucket_seconds":0,"bucket":{}})",
        R"({"pgadvise_counters":1,"server":"s","taken":1,"before":{"a":[1]}})"})
    EXPECT_EQ(read_counters_json(damaged).taken, 0) << damaged;
}

TEST(Counters, HaveNoSecretsInTexts) {
  CounterState state;
  add_reading(state, reading({}), monday);
  Query query = query_of("a", 1, 1);
  query.text = "ALTER ROLE joe PASSWORD 'hidden'";
  add_reading(state, reading({query}), monday + 60);
  EXPECT_EQ(counters_json(state).find("hidden"), std::string::npos) << counters_json(state);
}

}  // namespace
}  // namespace pgadvise::store
