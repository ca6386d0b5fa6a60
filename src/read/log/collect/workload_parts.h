// What was kept of logs -> the parts of a Workload.
#pragma once

#include <string>
#include <vector>

#include "log/collect/query_store.h"
#include "log/collect/session.h"
#include "log/collect/transaction_orders.h"
#include "log/repeats/repeats.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// The queries of one log, sorted; nullptr: of all, unless the store keeps them by log. Moves out of the
// store: once for each log.
std::vector<Query> take_queries(const QueryStore& queries, const Identities& identities,
                                const std::string* file);

// Repeats and pairs of writes, sorted. What became other statements is left out.
void add_repeats(const Repeats& repeats, const QueryStore& queries, Workload& workload);

// The TransactionOrders::max_orders most frequent ones, sorted, without statements that became other
// statements.
void add_transaction_orders(const TransactionOrders::Orders& orders, const QueryStore& queries,
                            Workload& workload);

}  // namespace pgadvise::log
