// The order in which transactions of a log begin to use their statements.
#include "log/collect/transaction_orders.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "log/collect/merge.h"
#include "log_support.h"

namespace pgadvise::log::testing {
namespace {

std::string statement(double second, int process, const std::string& sql) {
  return at(second, process, "LOG:  duration: 0.100 ms  statement: " + sql);
}

// The statements' texts.
std::vector<std::string> texts(const Workload& workload, const TransactionOrder& order) {
  std::vector<std::string> out;
  for (const auto& fingerprint : order.statements) out.push_back(workload.query(fingerprint)->text);
  return out;
}

Workload read_log(const std::string& log) { return read_paths({write_log(log)}).workload; }

TEST(TransactionOrders, AreOfTheFirstCalls) {
  std::string log;
  for (int i = 0; i < 3; ++i) {
    log += statement(10 * i, 1, "BEGIN") + statement(10 * i, 2, "SELECT 1 FROM d") +
           statement(10 * i + 1, 1, "UPDATE b SET x = 1") + statement(10 * i + 2, 1, "SELECT 1 FROM a") +
           statement(10 * i + 3, 1, "UPDATE b SET x = 2") +
           statement(10 * i + 4, 1, i == 1 ? "ROLLBACK" : "COMMIT");
  }
  log += statement(40, 1, "SELECT 1 FROM a") + statement(41, 1, "UPDATE b SET x = 2") +
         statement(42, 1, "BEGIN") + statement(43, 1, "SELECT 1 FROM a") + statement(44, 1, "COMMIT");
  const Workload workload = read_log(log);
  ASSERT_EQ(workload.transaction_orders.size(), 1u) << "statements outside a transaction have no order";
  const TransactionOrder& order = workload.transaction_orders[0];
  EXPECT_EQ(order.transactions, 3u);
  EXPECT_EQ(order.place.line, 3);
  EXPECT_EQ(texts(workload, order), (std::vector<std::string>{"UPDATE b SET x = $1", "SELECT $1 FROM a"}));
}

TEST(TransactionOrders, ATransactionHasAtMostSixteenStatements) {
  std::string log = statement(0, 1, "BEGIN");
  for (int i = 0; i < 40; ++i) log += statement(1 + i, 1, fmt::format("SELECT * FROM t{}", i));
  const Workload workload = read_log(log + statement(50, 1, "COMMIT"));
  ASSERT_EQ(workload.transaction_orders.size(), 1u);
  EXPECT_EQ(workload.transaction_orders[0].statements.size(), TransactionOrder::max_statements);
  EXPECT_EQ(texts(workload, workload.transaction_orders[0])[15], "SELECT * FROM t15");
}

// The orders of a log, each as "SELECT * FROM a, SELECT * FROM b".
std::vector<std::string> orders_of(const std::string& log) {
  const Workload workload = read_log(log);
  std::vector<std::string> out;
  for (const auto& order : workload.transaction_orders) {
    out.push_back(fmt::format("{}:", order.transactions));
    for (const auto& text : texts(workload, order)) out.back() += " " + text.substr(text.rfind(' ') + 1);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// One statement a second, of one session; a single letter is a table that is read.
std::string session_of(const std::vector<std::string>& statements) {
  std::string out;
  for (std::size_t i = 0; i < statements.size(); ++i)
    out += statement(static_cast<double>(i), 1,
                     statements[i].size() == 1 ? "SELECT * FROM " + statements[i] : statements[i]);
  return out;
}

TEST(TransactionOrders, RollbackToReleasesTheLocksSinceTheSavepoint) {
  EXPECT_EQ(
      orders_of(session_of({"BEGIN", "a", "SAVEPOINT s", "b", "ROLLBACK TO SAVEPOINT s", "c", "COMMIT"})),
      (std::vector<std::string>{"1: a b", "1: a c"}));
  EXPECT_EQ(orders_of(session_of({"BEGIN", "SAVEPOINT s", "a", "b", "ROLLBACK TO s", "b", "a", "COMMIT"})),
            (std::vector<std::string>{"1: a b", "1: b a"}));
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "savepoint s", "b", "rollback work to s", "COMMIT"})),
            std::vector<std::string>{"1: a b"});
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "SAVEPOINT s", "ROLLBACK TO other", "b", "COMMIT"})),
            std::vector<std::string>{"1: a b"});
}

TEST(TransactionOrders, ARepeatedPartCountsOnce) {
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "SAVEPOINT s", "b", "ROLLBACK TO s", "b", "ROLLBACK TO s",
                                  "b", "RELEASE s", "COMMIT"})),
            std::vector<std::string>{"1: a b"});
}

TEST(TransactionOrders, ARepeatedPartThatGoesOnCountsOnce) {
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "SAVEPOINT s", "b", "ROLLBACK TO s", "b", "c", "COMMIT"})),
            std::vector<std::string>{"1: a b c"});
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "SAVEPOINT s", "b", "ROLLBACK TO s", "b", "c",
                                  "ROLLBACK TO s", "d", "COMMIT"})),
            (std::vector<std::string>{"1: a b c", "1: a d"}));
}

TEST(TransactionOrders, SavepointsNest) {
  // RELEASE keeps what ran since; ROLLBACK TO the outer one ends the inner one.
  EXPECT_EQ(orders_of(session_of(
                {"BEGIN", "a", "SAVEPOINT x", "b", "RELEASE SAVEPOINT x", "ROLLBACK TO x", "c", "COMMIT"})),
            std::vector<std::string>{"1: a b c"});
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "SAVEPOINT x", "b", "SAVEPOINT y", "c", "ROLLBACK TO x",
                                  "ROLLBACK TO y", "d", "COMMIT"})),
            (std::vector<std::string>{"1: a b c", "1: a d"}));
  // Of two with one name the later one counts.
  EXPECT_EQ(orders_of(session_of(
                {"BEGIN", "a", "SAVEPOINT x", "b", "SAVEPOINT x", "c", "ROLLBACK TO x", "d", "COMMIT"})),
            (std::vector<std::string>{"1: a b c", "1: a b d"}));
}

TEST(TransactionOrders, CommitAndChainBeginsTheNextTransaction) {
  EXPECT_EQ(orders_of(session_of({"BEGIN", "a", "b", "COMMIT AND CHAIN", "c", "d", "ROLLBACK AND CHAIN", "e",
                                  "f", "COMMIT AND NO CHAIN", "g", "h"})),
            (std::vector<std::string>{"1: a b", "1: c d", "1: e f"}));
}

TEST(TransactionOrders, ASecondBeginChangesNothingIfTheServerSaysSo) {
  const auto warned = [](double second) {
    return at(second, 1, "WARNING:  there is already a transaction in progress");
  };
  const std::string first = statement(0, 1, "BEGIN") + statement(1, 1, "SELECT * FROM a");
  const std::string rest = statement(3, 1, "SELECT * FROM b") + statement(4, 1, "COMMIT");
  const std::vector<std::string> one = {"1: a b"};
  EXPECT_EQ(orders_of(first + warned(2) + statement(2, 1, "BEGIN") + rest), one);
  // log_statement: the statement comes before the warning.
  EXPECT_EQ(orders_of(first + at(2, 1, "LOG:  statement: BEGIN") + warned(2) + rest), one);
  // Without the warning the log lacks a COMMIT.
  EXPECT_TRUE(orders_of(first + statement(2, 1, "BEGIN") + rest).empty());
}

TEST(TransactionOrders, SavepointsAreBounded) {
  std::vector<std::string> statements = {"BEGIN", "a"};
  for (int i = 0; i < 1000; ++i) statements.push_back("SAVEPOINT s");
  statements.insert(statements.end(), {"b", "ROLLBACK TO s", "c", "COMMIT"});
  EXPECT_EQ(orders_of(session_of(statements)), (std::vector<std::string>{"1: a b", "1: a c"}));
}

TEST(TransactionOrders, OfManyTheFrequentOnesStay) {
  TransactionOrders orders;
  const std::string file = "a.log";
  const auto add = [&](std::uint32_t first, std::uint32_t second) {
    StatementOrder order;
    Call call;
    call.file = &file;
    for (const std::uint32_t query : {first, second}) {
      call.query = query;
      order.add(call);
    }
    orders.add(order, nullptr);
  };
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    add(7, 8);
    add(i + 10, i + 11);
    ASSERT_LE(orders.of(nullptr)->size(), 2 * TransactionOrders::max_orders);
  }
  EXPECT_EQ(orders.of(nullptr)->at({7, 8}).transactions, 20'000u);
  EXPECT_EQ(orders.of(&file), nullptr);
}

TEST(TransactionOrders, AddUpOverLogs) {
  const std::string one = statement(0, 1, "BEGIN") + statement(1, 1, "SELECT 1 FROM a") +
                          statement(2, 1, "SELECT 1 FROM b") + statement(3, 1, "COMMIT");
  const std::string other = statement(60, 1, "BEGIN") + statement(61, 1, "SELECT 1 FROM a") +
                            statement(62, 1, "SELECT 1 FROM b") + statement(63, 1, "COMMIT");
  const Workload sum = total({read_log(one), read_log(other)});
  ASSERT_EQ(sum.transaction_orders.size(), 1u);
  EXPECT_EQ(sum.transaction_orders[0].transactions, 2u);
}

}  // namespace
}  // namespace pgadvise::log::testing
