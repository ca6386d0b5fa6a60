#include "log/collect/transaction_orders.h"

#include <algorithm>

namespace pgadvise::log {

void StatementOrder::clear() {
  used_ = 0;
  savepoints_.clear();
  rolled_back_.clear();
}

void StatementOrder::add(const Call& call) {
  if (used_ == queries_.size() || std::find(begin(), end(), call.query) != end()) return;
  if (used_ == 0) file_ = call.file, line_ = call.line;
  queries_[used_++] = call.query;
}

bool StatementOrder::begins_rolled_back() const {
  return std::any_of(rolled_back_.begin(), rolled_back_.end(), [&](const auto& order) {
    return used_ <= order.size() && std::equal(begin(), end(), order.begin());
  });
}

bool StatementOrder::continues(const std::vector<std::uint32_t>& order) const {
  return order.size() <= used_ && std::equal(order.begin(), order.end(), begin());
}

void StatementOrder::follow(TransactionEffect effect, std::string_view savepoint) {
  if (effect == TransactionEffect::sets_savepoint) {
    if (savepoints_.size() == max_savepoints) savepoints_.erase(savepoints_.begin());
    savepoints_.emplace_back(savepoint, used_);
    return;
  }
  const bool releases = effect == TransactionEffect::releases_savepoint;
  if (!releases && effect != TransactionEffect::rolls_back_to_savepoint) return;
  auto found = savepoints_.end();
  for (auto at = savepoints_.begin(); at != savepoints_.end(); ++at)
    if (at->first == savepoint) found = at;
  if (found == savepoints_.end()) return;
  if (!releases) {
    if (used_ > 1 && used_ > found->second && !begins_rolled_back()) {
      std::erase_if(rolled_back_, [&](const auto& order) { return continues(order); });
      if (rolled_back_.size() < max_rolled_back) rolled_back_.emplace_back(begin(), end());
    }
    used_ = found->second;
    ++found;  // ROLLBACK TO leaves the savepoint set
  }
  savepoints_.erase(found, savepoints_.end());
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
  const auto& rolled_back = transaction.rolled_back();
  const bool whole = transaction.size() > 1 && !transaction.begins_rolled_back();
  if (!whole && rolled_back.empty()) return;
  Orders& orders = logs_[log];
  for (const auto& order : rolled_back) {
    if (whole && transaction.continues(order)) continue;
    key_ = order;
    count(transaction, orders);
  }
  if (!whole) return;
  key_.assign(transaction.begin(), transaction.end());
  count(transaction, orders);
}

// The order in `key_`.
void TransactionOrders::count(const StatementOrder& transaction, Orders& orders) {
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
