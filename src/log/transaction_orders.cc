#include "log/transaction_orders.h"

#include <algorithm>

namespace pgadvise::log {

void StatementOrder::add(const Call& call) {
  if (used_ == queries_.size() || std::find(begin(), end(), call.query) != end()) return;
  if (used_ == 0) file_ = call.file, line_ = call.line;
  queries_[used_++] = call.query;
}

static void forget_rare(TransactionOrders::Orders& orders) {
  using Order = TransactionOrders::Orders::iterator;
  std::vector<Order> all;
  for (auto at = orders.begin(); at != orders.end(); ++at) all.push_back(at);
  const auto kept = all.begin() + static_cast<std::ptrdiff_t>(TransactionOrders::max_orders);
  std::nth_element(all.begin(), kept, all.end(), [](const Order& a, const Order& b) {
    if (a->second.transactions != b->second.transactions)
      return a->second.transactions > b->second.transactions;
    return a->first < b->first;
  });
  for (auto at = kept; at != all.end(); ++at) orders.erase(*at);
}

void TransactionOrders::add(const StatementOrder& transaction, const std::string* log) {
  if (transaction.size() < 2) return;
  Orders& orders = logs_[log];
  key_.assign(transaction.begin(), transaction.end());
  const auto [at, added] = orders.try_emplace(key_);
  Entry& entry = at->second;
  ++entry.transactions;
  if (!added) return;
  entry.file = transaction.file();
  entry.line = transaction.line();
  if (orders.size() > 2 * max_orders) forget_rare(orders);
}

const TransactionOrders::Orders* TransactionOrders::of(const std::string* log) const {
  const auto found = logs_.find(log);
  return found == logs_.end() ? nullptr : &found->second;
}

}  // namespace pgadvise::log
