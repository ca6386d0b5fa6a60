// Workloads of single logs -> one. No order of the logs, and no grouping of earlier merges, shows in the
// result.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/workload.h"

namespace pgadvise::log {

// By total time, then calls, then fingerprint.
void sort_queries(std::vector<Query>& queries);
// By calls, then pattern, then parent, then same_values.
void sort_repeats(std::vector<RepeatedQuery>& repeats);
// By calls, then their statements.
void sort_write_pairs(std::vector<WritePair>& pairs);

// By kind, then count, then what they are about and their statement.
void sort_server_events(std::vector<ServerEvent>& events);

// Each of `workloads` is of one source. What a log was read to twice, or what another holds more of, is left
// out and named in `diagnostics`: the union of sets of logs, which is associative, commutative and
// idempotent.
void count_once(std::vector<Workload>& workloads, Diagnostics& diagnostics);

// By the log's path and identity: what is made of them then shows no order.
void sort_workloads(std::vector<Workload>& workloads);

Error counted_once(const LogSource& left_out, const LogSource& counted);

// Sums; the sources in the order given.
Workload total(std::vector<Workload> workloads);

}  // namespace pgadvise::log
