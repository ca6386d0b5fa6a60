#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "log/collect/merge.h"
#include "log/workload/workload_file.h"
#include "report/text/figures.h"
#include "support/schema.h"
#include "unit/log/log_support.h"

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
  const auto* waiting = find(workload, Kind::lock_still_waiting);
  ASSERT_TRUE(waiting && waiting->holders.size() == 1);
  EXPECT_EQ(waiting->holders[0].application, "psql") << "the log shows the holder only by its connection";
  EXPECT_EQ(waiting->holders[0].user, "app");
  EXPECT_EQ(waiting->holders[0].statement, "");
  EXPECT_EQ(waiting->holders[0].count, 1U);

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

constexpr const char* named_prefix = "%m [%p] %q%u@%d/%a ";

std::string waits(double second, int process, const std::string& holders) {
  return at(second, process,
            "app@shop/web LOG:  process " + std::to_string(process) +
                " still waiting for ShareLock on transaction 7 after 1000.000 ms") +
         at(second, process, "app@shop/web DETAIL:  " + holders + " Wait queue: 1.") +
         at(second, process, "app@shop/web STATEMENT:  update accounts set v = 1 where id = 2");
}

std::vector<std::string> holders_of(const Workload& workload) {
  std::vector<std::string> out;
  for (const auto& event : workload.server_events)
    for (const auto& holder : event.holders)
      out.push_back(holder.application + "|" + holder.user + "|" + holder.statement + "|" +
                    std::to_string(holder.count));
  return out;
}

using Holders = std::vector<std::string>;

TEST(LockHolder, IsNamedWithTheLastStatementOfItsTransaction) {
  const auto read = read_text(
      at(1, 300, "job@shop/worker LOG:  duration: 0.1 ms  statement: begin") +
          at(1.1, 300, "job@shop/worker LOG:  duration: 0.2 ms  statement: update accounts set v = 7777") +
          waits(3, 203, "Process holding the lock: 300.") + waits(4, 204, "Process holding the lock: 300.") +
          at(5, 300, "job@shop/worker LOG:  duration: 0.2 ms  statement: commit"),
      named_prefix);
  EXPECT_EQ(holders_of(read.workload), Holders{"worker|job|update accounts set v = $1|2"});
}

TEST(LockHolder, IsNamedWithAStatementThatTheLogShowsWhenItHasEnded) {
  const auto read = read_text(
      waits(3, 203, "Process holding the lock: 300.") +
          at(9, 300, "job@shop/worker LOG:  duration: 8000 ms  statement: update accounts set v = 7777") +
          waits(11, 204, "Process holding the lock: 300.") +
          at(12, 300, "job@shop/worker LOG:  duration: 0.2 ms  statement: select 'began later'"),
      named_prefix);
  EXPECT_EQ(holders_of(read.workload), (Holders{"worker|job||1", "worker|job|update accounts set v = $1|1"}));
}

TEST(LockHolder, ThereMayBeSeveralAndUnknownOnes) {
  const auto read = read_text(at(1, 300, "job@shop/worker LOG:  statement: lock table accounts") +
                                  at(1, 301, "job@shop/cron LOG:  statement: vacuum accounts") +
                                  waits(3, 203, "Processes holding the lock: 300, 301, 99999999999, 302."),
                              named_prefix);
  EXPECT_EQ(holders_of(read.workload),
            (Holders{"cron|job|vacuum accounts|1", "worker|job|lock table accounts|1"}));
  EXPECT_EQ(holders_of(read_text(waits(3, 203, "Process holding the lock: 300."), named_prefix).workload),
            Holders{});
  EXPECT_EQ(holders_of(read_text(waits(3, 203, "Process holding the lock: ?."), named_prefix).workload),
            Holders{});
}

TEST(LockHolder, IsFoundBySessionId) {
  std::string log = at(1, 0, "X.12c job@shop/worker LOG:  statement: lock table accounts") +
                    waits(3, 203, "Process holding the lock: 300.");
  log = replace_all(replace_all(std::move(log), "[203]", "[65f0.cb]"), "[0] X.", "[65f0.");
  log = replace_all(std::move(log), "12c job", "12c] job");
  const auto read = read_text(log, "%m [%c] %q%u@%d/%a ");
  EXPECT_EQ(holders_of(read.workload), Holders{"worker|job|lock table accounts|1"});
}

TEST(LockHolder, IsNamedThoughTheSelectionLeavesItOut) {
  Selection selection;
  selection.applications = {"web"};
  const auto read = read_text(at(1, 300, "job@shop/worker LOG:  statement: lock table accounts") +
                                  waits(3, 203, "Process holding the lock: 300."),
                              named_prefix, selection);
  EXPECT_EQ(holders_of(read.workload), Holders{"worker|job||1"});
}

TEST(LockHolder, LivesInAWorkloadFileAndMerges) {
  Diagnostics diagnostics;
  const auto path = write_log(at(1, 300, "job@shop/worker LOG:  statement: lock table accounts") +
                              waits(3, 203, "Process holding the lock: 300."));
  Options options;
  options.line_prefix = named_prefix;
  const auto text = to_workload_file(read_each({path}, options, diagnostics), false);
  EXPECT_EQ(testing_support::violations("workload.schema.json", nlohmann::json::parse(text)), "");
  auto back = parse_workload_file("w.json", text);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(to_workload_file(*back, false), text);
  back->push_back(back->front());
  EXPECT_EQ(holders_of(total(*back)), Holders{"worker|job|lock table accounts|2"});
}

TEST(WorkloadTimeline, LivesInAWorkloadFileAndMerges) {
  Diagnostics diagnostics;
  const auto path = write_log(at(1, 7, "LOG:  duration: 250.5 ms  statement: select 1") +
                              at(70, 7, "LOG:  statement: select 2") +
                              at(71, 7, "LOG:  duration: 1 ms  statement: select 3"));
  const auto text = to_workload_file(read_each({path}, {}, diagnostics), false);
  EXPECT_EQ(testing_support::violations("workload.schema.json", nlohmann::json::parse(text)), "");
  auto back = parse_workload_file("w.json", text);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(to_workload_file(*back, false), text);
  const Timeline& one = back->front().timeline;
  EXPECT_EQ(one.width(), 5'000'000);
  ASSERT_EQ(one.buckets().size(), 15U);
  EXPECT_EQ(one.buckets().front(), (Timeline::Bucket{1, 250'500}));
  EXPECT_EQ(one.buckets().back(), (Timeline::Bucket{2, 1000}));
  back->push_back(back->front());
  EXPECT_EQ(total(*back).timeline.buckets().back(), (Timeline::Bucket{4, 2000}));
  for (const char* damage : {"[[1,2]", "[[0,2]", "[[1,-2]", "[[1]"}) {
    const auto damaged = replace_all(text, "[[1,250500]", damage);
    ASSERT_NE(damaged, text);
    const bool fine = std::string_view(damage) == "[[1,2]";
    EXPECT_EQ(parse_workload_file("w.json", damaged).has_value(), fine) << damage;
  }
  EXPECT_FALSE(parse_workload_file("w.json", replace_all(text, "\"width\":5000000", "\"width\":5000001")));
  EXPECT_FALSE(parse_workload_file("w.json", replace_all(text, "\"width\":5000000", "\"width\":0")));
}

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
