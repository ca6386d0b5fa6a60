// Merges workloads of single logs into one. The result does not depend on the order of the logs, or on how
// earlier merges grouped them.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// By total time, then calls, then fingerprint.
void sort_queries(std::vector<Query>& queries);
// By calls, then pattern, then parent, then same_values.
void sort_repeats(std::vector<RepeatedQuery>& repeats);
// By calls, then their statements.
void sort_write_pairs(std::vector<WritePair>& pairs);

// By number of transactions, then statements.
void sort_transaction_orders(std::vector<TransactionOrder>& orders);
// Adds the transactions of the same order. The sum has the lesser place.
void add_order(TransactionOrder& sum, const TransactionOrder& order);

// By kind, then count, then what they are about and their statement.
void sort_server_events(std::vector<ServerEvent>& events);

// Adds the waits for a holder; cut_holders() leaves the first 64 by name, and sorts them by count, then
// names.
void add_holder(ServerEvent& event, LockHolder holder);
void cut_holders(ServerEvent& event);

// Each of `workloads` must have one source. Removes duplicates of a log, and logs that another one contains,
// and reports them in `diagnostics`: the union of sets of logs, which is associative, commutative and
// idempotent.
void count_once(std::vector<Workload>& workloads, Diagnostics& diagnostics);

// Sorts by path and identity of the log, so that results do not depend on the order of arguments.
void sort_workloads(std::vector<Workload>& workloads);

Error counted_once(const LogSource& left_out, const LogSource& counted);

// Adds up the workloads; keeps the order of sources.
Workload total(std::vector<Workload> workloads);

}  // namespace pgadvise::log
