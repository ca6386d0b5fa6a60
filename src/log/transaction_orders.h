// The order in which transactions begin to use their statements. Memory: at most 2,000 orders for each log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "log/repeats.h"
#include "model/workload.h"

namespace pgadvise::log {

// The different statements of one transaction, in the order of their first calls.
class StatementOrder {
 public:
  void clear() { used_ = 0; }
  void add(const Call& call);  // of more than TransactionOrder::max_statements the first ones count

  const std::uint32_t* begin() const { return queries_.data(); }
  const std::uint32_t* end() const { return queries_.data() + used_; }
  std::size_t size() const { return used_; }
  const std::string* file() const { return file_; }  // of the first call
  int line() const { return line_; }

 private:
  std::array<std::uint32_t, TransactionOrder::max_statements> queries_{};
  std::size_t used_ = 0;
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

  // Counts a transaction that has ended; one with a single statement has no order. `log`: nullptr: one sum of
  // all logs. Of more than 2 * max_orders orders, the less frequent half is forgotten.
  void add(const StatementOrder& transaction, const std::string* log);
  const Orders* of(const std::string* log) const;  // nullptr: there are none

 private:
  std::unordered_map<const std::string*, Orders> logs_;
  std::vector<std::uint32_t> key_;  // keeps its memory
};

}  // namespace pgadvise::log
