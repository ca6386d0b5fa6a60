// The order in which transactions begin to use their statements. Memory: at most 2,000 orders for each log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "log/repeats/repeats.h"
#include "log/repeats/statement_traits.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// The different statements of one transaction, in the order of their first calls. ROLLBACK TO releases the
// locks taken since the savepoint: the statements up to there are an order, and those before the savepoint
// with what follows another one.
class StatementOrder {
 public:
  static constexpr std::size_t max_savepoints = 32;   // set at a time: of more the latest ones count
  static constexpr std::size_t max_rolled_back = 16;  // orders: of more the first ones count

  void clear();
  void add(const Call& call);  // of more than TransactionOrder::max_statements the first ones count
  // Savepoints only. A name that is not set changes nothing.
  void follow(TransactionEffect effect, std::string_view savepoint);

  const std::uint32_t* begin() const { return queries_.data(); }
  const std::uint32_t* end() const { return queries_.data() + used_; }
  std::size_t size() const { return used_; }
  // The orders that ended with a ROLLBACK TO, of at least two statements: none is the beginning of another of
  // them. One may be the beginning of the statements at hand: continues().
  const std::vector<std::vector<std::uint32_t>>& rolled_back() const { return rolled_back_; }
  bool begins_rolled_back() const;                                // no statement is new since the ROLLBACK TO
  bool continues(const std::vector<std::uint32_t>& order) const;  // begins with all statements of `order`
  const std::string* file() const { return file_; }               // of the first call
  int line() const { return line_; }

 private:
  std::array<std::uint32_t, TransactionOrder::max_statements> queries_{};
  std::size_t used_ = 0;
  std::vector<std::pair<std::string, std::size_t>> savepoints_;  // and the number of statements before
  std::vector<std::vector<std::uint32_t>> rolled_back_;
  const std::string* file_ = nullptr;
  int line_ = 0;
};

class TransactionOrders {
 public:
  static constexpr std::size_t max_orders = 1000;

  struct Entry {
    std::uint64_t transactions = 0;
    const std::string* file = nullptr;  // of the first call of the first one
    int line = 0;
  };
  using Orders = std::map<std::vector<std::uint32_t>, Entry>;

  // Counts a transaction that has ended, for each of its orders once; a single statement has no order, and an
  // order that is the beginning of another one of the transaction is not counted. `log`: nullptr: one sum of
  // all logs. Of more than 2 * max_orders orders, the less frequent half is forgotten.
  void add(const StatementOrder& transaction, const std::string* log);
  const Orders* of(const std::string* log) const;  // nullptr: there are none

 private:
  void count(const StatementOrder& transaction, Orders& orders);

  std::unordered_map<const std::string*, Orders> logs_;
  std::vector<std::uint32_t> key_;  // keeps its memory
};

}  // namespace pgadvise::log
