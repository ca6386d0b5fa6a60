// Query statistics from two readings of pg_stat_statements.
#include "store/facts/counters.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "support/run.h"
#include "support/store_cases.h"
#include "watch/counters_file.h"

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

// The calls that a store has after several uploads: of each source once.
class CountersFileTest : public testing::Test {
 protected:
  static Workload calls(std::uint64_t calls) { return reading({query_of("a", calls, 1)}); }
  void store(const std::vector<QueryStatistics>& found) {
    for (const auto& one : found) {
      auto& [size, stored] = stored_[one.source];
      if (one.source_size < size) continue;
      size = one.source_size;
      stored = one.calls;
    }
  }
  void read(std::uint64_t calls_now, std::int64_t at) {
    watch::CountersFile file(path_);
    std::vector<QueryStatistics> found;
    ASSERT_TRUE(file.add(calls(calls_now), at, found).has_value());
    store(found);
    ASSERT_TRUE(file.keep().has_value());
  }
  std::uint64_t stored() const {
    std::uint64_t out = 0;
    for (const auto& [source, one] : stored_) out += one.second;
    return out;
  }
  testing_support::Folder folder_;
  std::string path_ = folder_.path("counters");
  std::string next_ = folder_.path("counters-next");
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> stored_;
};

TEST_F(CountersFileTest, AReadingThatCannotBeWrittenIsNotCounted) {
  read(100, monday + 600);
  read(107, monday + 1200);
  std::filesystem::create_directory(next_);
  {
    watch::CountersFile file(path_);
    std::vector<QueryStatistics> found;
    const auto added = file.add(calls(110), monday + 1800, found);
    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().where, next_);
    EXPECT_TRUE(found.empty());
    EXPECT_TRUE(file.keep().has_value());
  }
  std::filesystem::remove(next_);
  read(115, monday + 4 * hour);
  EXPECT_EQ(stored(), 15U) << "each call once";
}

TEST_F(CountersFileTest, AReadingThatIsKeptNowhereCountsAsNotTaken) {
  read(100, monday + 600);
  {
    watch::CountersFile file(path_);
    std::vector<QueryStatistics> lost;
    ASSERT_TRUE(file.add(calls(110), monday + 1200, lost).has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(next_));
  read(115, monday + 4 * hour);
  EXPECT_EQ(stored(), 15U);
}

TEST_F(CountersFileTest, AKillBeforeOrAfterTheUploadChangesNoSum) {
  for (const bool uploaded : {false, true}) {
    stored_.clear();
    std::filesystem::remove(path_);
    read(100, monday + 600);
    read(107, monday + 1200);
    const std::string before = read_file(path_).value_or("");
    {
      watch::CountersFile file(path_);
      std::vector<QueryStatistics> found;
      ASSERT_TRUE(file.add(calls(110), monday + 1800, found).has_value());
      if (uploaded) store(found);
      std::filesystem::copy_file(next_, folder_.path("copy"));
    }
    std::filesystem::rename(folder_.path("copy"), next_);  // what a kill leaves
    EXPECT_EQ(read_file(path_).value_or(""), before);
    read(115, monday + 4 * hour);
    EXPECT_EQ(stored(), 15U) << uploaded;
    EXPECT_FALSE(std::filesystem::exists(next_));
  }
}

TEST_F(CountersFileTest, AFileThatCannotBeReplacedStopsTheCount) {
  read(100, monday + 600);
  std::filesystem::rename(path_, folder_.path("aside"));
  std::filesystem::create_directory(path_);
  std::filesystem::copy_file(folder_.path("aside"), next_);
  for (int i = 0; i < 2; ++i) {
    watch::CountersFile file(path_);
    std::vector<QueryStatistics> found;
    const auto added = file.add(calls(110), monday + 1800, found);
    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().where, path_);
    EXPECT_TRUE(found.empty());
  }
  std::filesystem::remove(path_);
  read(115, monday + 4 * hour);
  EXPECT_EQ(stored(), 15U);
}

}  // namespace
}  // namespace pgadvise::store
