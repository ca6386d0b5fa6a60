#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "log/merge.h"
#include "log/workload_file.h"
#include "report/figures.h"
#include "support/schema.h"
#include "unit/log_support.h"

namespace pgadvise::log::testing {
namespace {

using Kind = ServerEvent::Kind;

const ServerEvent* find(const Workload& workload, Kind kind, std::string_view about = {}) {
  for (const auto& event : workload.server_events)
    if (event.kind == kind && (about.empty() || event.about == about)) return &event;
  return nullptr;
}

std::uint64_t count(const Workload& workload, Kind kind) {
  std::uint64_t sum = 0;
  for (const auto& event : workload.server_events)
    if (event.kind == kind) sum += event.count;
  return sum;
}

// fixtures/logs/events.*: one server's log in three forms.
class ServerEvents : public ::testing::TestWithParam<std::string> {};

TEST_P(ServerEvents, AreCountedWithWhatTheyAreAbout) {
  const auto read = read_paths({fixture("logs/events." + GetParam())});
  const Workload& workload = read.workload;
  EXPECT_EQ(read.source().not_understood, 0U);

  const auto* relation = find(workload, Kind::unknown_relation);
  ASSERT_TRUE(relation);
  EXPECT_EQ(relation->about, "missing_table");
  EXPECT_EQ(relation->count, 2U);
  EXPECT_EQ(relation->statement, "select * from missing_table where id = $1");
  EXPECT_GT(relation->place.line, 0);

  const auto* deadlock = find(workload, Kind::deadlock);
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->count, 1U);
  EXPECT_NE(deadlock->statement.find("update accounts set v=$1 where id=$2"), std::string::npos)
      << deadlock->statement;

  EXPECT_NE(deadlock->about.find("update accounts set v=$1 where id=$2"), std::string::npos)
      << "the other side: " << deadlock->about;

  const auto* cancelled = find(workload, Kind::cancelled);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->about, "statement timeout");
  EXPECT_EQ(cancelled->statement.find("secret"), std::string::npos);

  const auto* wait = find(workload, Kind::lock_wait);
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->about, "ShareLock on transaction");
  EXPECT_EQ(wait->total_us, 1043162);
  EXPECT_EQ(wait->times.count(), 1U);
  EXPECT_EQ(count(workload, Kind::lock_still_waiting), 1U);

  EXPECT_EQ(count(workload, Kind::temporary_file), 2U);
  EXPECT_EQ(count(workload, Kind::refused_connection), 2U);
  const auto* connection = find(workload, Kind::connection, "app@postgres");
  const auto* session = find(workload, Kind::disconnection, "app@postgres");
  ASSERT_TRUE(connection && session);
  EXPECT_GE(connection->count, session->count);
  EXPECT_EQ(session->times.count(), session->count);
}

TEST_P(ServerEvents, LiveInAWorkloadFileAndMerge) {
  Diagnostics diagnostics;
  const auto workloads = read_each({fixture("logs/events." + GetParam())}, {}, diagnostics);
  const auto text = to_workload_file(workloads, false);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  auto back = parse_workload_file("w.json", text);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(testing_support::violations("workload.schema.json", nlohmann::json::parse(text)), "");
  EXPECT_EQ(to_workload_file(*back, false), text);
  auto twice = *back;
  twice.push_back(twice.front());
  const Workload sum = total(twice);
  const auto* wait = find(sum, Kind::lock_wait);
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->count, 2U);
  EXPECT_EQ(wait->total_us, 2 * 1043162);
}

INSTANTIATE_TEST_SUITE_P(Log, ServerEvents, ::testing::Values("log", "csv", "json"),
                         [](const auto& each) { return each.param; });

TEST(ServerEvent, IsTheSameWithVerboseErrors) {
  const auto read =
      read_text(at(1, 7, "ERROR:  42P01: relation \"nope\" does not exist at character 15") +
                at(1, 7, "LOCATION:  parserOpenTable, parse_relation.c:1384") +
                at(1, 7, "STATEMENT:  select * from nope") +
                at(2, 7, "ERROR:  57014: canceling statement due to statement timeout") +
                at(2, 7, "STATEMENT:  select pg_sleep(5)") +
                at(3, 7, "FATAL:  53300: sorry, too many clients already") +
                at(4, 7, "LOG:  00000: temporary file: path \"base/pgsql_tmp/1\", size 1000") +
                at(5, 7, "LOG:  00000: process 7 acquired ShareLock on transaction 5 after 1500.000 ms") +
                at(6, 7, "LOG:  00000: duration: 1.5 ms  statement: select 1,") + "\t2\n");
  EXPECT_EQ(find(read.workload, Kind::unknown_relation)->about, "nope");
  EXPECT_EQ(find(read.workload, Kind::cancelled)->about, "statement timeout");
  for (const auto kind : {Kind::refused_connection, Kind::temporary_file, Kind::lock_wait})
    EXPECT_EQ(count(read.workload, kind), 1U) << label(kind);
  EXPECT_EQ(read.query().text, "select $1,\n$2");
}

TEST(ServerEvent, KeepsItsReasonBeforeACharactersNumber) {
  const auto read = read_text(at(1, 7, "ERROR:  canceling statement due to lock timeout at character 24") +
                              at(1, 7, "STATEMENT:  select 1 from authors"));
  EXPECT_EQ(find(read.workload, Kind::cancelled)->about, "lock timeout");
}

TEST(ServerEvent, MedianLiesBetweenTheShortestAndTheLongest) {
  std::string text;
  for (const char* ms : {"501.000", "502.000", "503.000"})
    text += at(5, 7, std::string("LOG:  process 7 acquired ShareLock on transaction 5 after ") + ms + " ms");
  const auto one = read_text(text);
  EXPECT_GE(report::median_ms(*find(one.workload, Kind::lock_wait)), 500);
  EXPECT_LE(report::median_ms(*find(one.workload, Kind::lock_wait)), 503);
  const auto two =
      read_text(at(1, 7, "LOG:  process 7 acquired ShareLock on transaction 5 after 100.000 ms") + text);
  EXPECT_LE(report::median_ms(*find(two.workload, Kind::lock_wait)), 503);
}

TEST(ServerEvent, OfManyKindsTheLaterOnesAreSummedUp) {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += at(i, 7, "ERROR:  relation \"t" + std::to_string(i) + "\" does not exist at character 15");
  const auto workload = read_text(text).workload;
  EXPECT_LE(workload.server_events.size(), 1001U);
  EXPECT_EQ(count(workload, Kind::unknown_relation), 2000U);
}

}  // namespace
}  // namespace pgadvise::log::testing
