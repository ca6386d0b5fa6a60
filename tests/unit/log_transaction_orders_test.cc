// The order in which transactions of a log begin to use their statements.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "log/merge.h"
#include "log/transaction_orders.h"
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
