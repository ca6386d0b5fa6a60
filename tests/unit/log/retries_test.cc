// Deadlocks and serialization failures: whether somebody ran the transaction again.
#include <gtest/gtest.h>

#include "log/reader.h"
#include "unit/log/log_support.h"

namespace pgadvise::log::testing {
namespace {

using Kind = ServerEvent::Kind;

constexpr std::string_view failed = "serialization failure";
constexpr std::string_view lost = "serialization failure, not repeated";

std::uint64_t count(const Workload& workload, std::string_view about, Kind kind = Kind::cancelled) {
  std::uint64_t sum = 0;
  for (const auto& event : workload.server_events)
    if (event.kind == kind && (about.empty() || event.about == about)) sum += event.count;
  return sum;
}

std::string ran(double second, int process, const std::string& statement) {
  return at(second, process, "LOG:  statement: " + statement);
}

std::string serialization(double second, int process, const std::string& statement) {
  return at(second, process, "ERROR:  could not serialize access due to concurrent update") +
         at(second, process, "STATEMENT:  " + statement);
}

const std::string read_5 = "select balance from accounts where id = 5";
const std::string write_5 = "update accounts set balance = 7 where id = 5";

// A transaction that fails at its write, and ROLLBACK.
std::string failing(double second, int process, const std::string& first = read_5) {
  return ran(second, process, "BEGIN") + ran(second, process, first) + ran(second, process, write_5) +
         serialization(second, process, write_5) + ran(second, process, "ROLLBACK");
}

// Two minutes later, so that the log goes on.
const std::string later = ran(150, 99, "select 1");

TEST(Retries, ATransactionThatNobodyRepeatsIsCountedApart) {
  const auto workload = read_text(failing(1, 7) + later).workload;
  EXPECT_EQ(count(workload, lost), 1u);
  EXPECT_EQ(count(workload, failed), 0u);
  ASSERT_FALSE(workload.server_events.empty());
  EXPECT_EQ(workload.server_events.front().statement, "update accounts set balance = $1 where id = $2");
  EXPECT_EQ(workload.server_events.front().place.line, 4);
}

TEST(Retries, TheSameStatementOnAnyConnectionIsARetry) {
  for (const int process : {7, 8}) {
    const auto workload =
        read_text(failing(1, 7) + ran(3, process, "BEGIN") + ran(3, process, read_5) + later).workload;
    EXPECT_EQ(count(workload, lost), 0u) << process;
    EXPECT_EQ(count(workload, failed), 1u) << process;
  }
  const auto other = read_text(failing(1, 7) + ran(3, 8, "BEGIN") +
                               ran(3, 8, "select balance from accounts where id = 6") + later);
  EXPECT_EQ(count(other.workload, lost), 1u) << "another row's";
  const auto late = read_text(failing(1, 7) + ran(90, 8, "BEGIN") + ran(90, 8, read_5) + later);
  EXPECT_EQ(count(late.workload, lost), 1u) << "more than a minute later somebody reads the row, too";
}

TEST(Retries, WhereTheLogMayLackStatementsNothingIsKnown) {
  EXPECT_EQ(count(read_text(failing(1, 7)).workload, failed), 1u) << "the log ends";
  EXPECT_EQ(count(read_text(failing(1, 7)).workload, lost), 0u);
  const auto alone = read_text(serialization(1, 7, write_5) + later).workload;
  EXPECT_EQ(count(alone, failed), 1u) << "no BEGIN: only failures and slow statements are logged";
  EXPECT_EQ(count(alone, lost), 0u);
  const auto no_values =
      read_text(ran(1, 7, "BEGIN") +
                at(1, 7, "LOG:  execute <unnamed>: select balance from accounts where id = $1") +
                serialization(1, 7, "update accounts set balance = $1 where id = $2") + later)
          .workload;
  EXPECT_EQ(count(no_values, failed), 1u);
  EXPECT_EQ(count(no_values, lost), 0u);
}

TEST(Retries, AWriteWithOtherValuesInTheNextTransactionMayBeARetry) {
  const std::string insert = "insert into orders values ('2024-05-01 12:00:01')";
  const auto next = [&](int process, const std::string& statement) {
    return read_text(failing(1, 7, insert) + ran(2, process, "BEGIN") + ran(2, process, statement) +
                     ran(2, process, "COMMIT") + later)
        .workload;
  };
  const std::string again = "insert into orders values ('2024-05-01 12:00:02')";
  EXPECT_EQ(count(next(7, again), lost), 0u);
  EXPECT_EQ(count(next(8, again), lost), 1u) << "another session's";
  EXPECT_EQ(count(next(7, "select 1"), lost), 1u);
  const auto third = read_text(failing(1, 7, insert) + ran(2, 7, "BEGIN") + ran(2, 7, "COMMIT") +
                               ran(3, 7, "BEGIN") + ran(3, 7, again) + later);
  EXPECT_EQ(count(third.workload, lost), 1u) << "the transaction after the next one";
}

TEST(Retries, AFailingCommitAndASavepointAreFollowed) {
  const auto commit = read_text(ran(1, 7, "BEGIN") + ran(1, 7, read_5) + ran(1, 7, "COMMIT") +
                                serialization(1, 7, "COMMIT") + later);
  EXPECT_EQ(count(commit.workload, lost), 1u);
  const auto savepoint =
      read_text(ran(1, 7, "BEGIN") + ran(1, 7, read_5) + ran(1, 7, "SAVEPOINT s") + ran(1, 7, write_5) +
                serialization(1, 7, write_5) + ran(1, 7, "ROLLBACK TO SAVEPOINT s") +
                ran(1, 7, "update accounts set balance = 8 where id = 5") + later);
  EXPECT_EQ(count(savepoint.workload, lost), 0u);
}

TEST(Retries, ADeadlockIsCountedOnceMoreIfNobodyRepeatsIt) {
  const std::string deadlock =
      ran(1, 7, write_5) + at(1, 7, "ERROR:  deadlock detected") + at(1, 7, "STATEMENT:  " + write_5);
  const auto without = read_text(deadlock + later).workload;
  EXPECT_EQ(count(without, {}, Kind::deadlock), 1u);
  EXPECT_EQ(count(without, "deadlock, not repeated"), 1u);
  const auto repeated = read_text(deadlock + ran(2, 8, write_5) + later).workload;
  EXPECT_EQ(count(repeated, {}, Kind::deadlock), 1u);
  EXPECT_EQ(count(repeated, {}), 0u);
}

TEST(Retries, EachOfManyIsFollowed) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    const std::string first = "select balance from accounts where id = " + std::to_string(i);
    text += failing(i, 7, first);
    if (i % 2) text += ran(i, 8, "BEGIN") + ran(i, 8, first) + ran(i, 8, "COMMIT");
  }
  const auto workload = read_text(text + later).workload;
  EXPECT_EQ(count(workload, lost), 25u);
  EXPECT_EQ(count(workload, failed), 25u);
}

}  // namespace
}  // namespace pgadvise::log::testing
