// Compares two workloads, for example from before and after a release, an upgrade or a new index.
#pragma once

#include <string>
#include <vector>

#include "model/queries/workload.h"

namespace pgadvise {

struct QueryChange {
  const Query* before = nullptr;  // null: the query is new
  const Query* after = nullptr;   // null: the query is gone
  double time_ratio = 0;          // mean after / mean before; 0: unknown
  double calls_ratio = 0;         // calls after / calls before, per hour where `Comparison::per_hour`
};

// Has pointers into the compared workloads, which must outlive it.
struct Comparison {
  const Workload* before = nullptr;
  const Workload* after = nullptr;
  double hours_before = 0;  // from the first to the last call; 0: unknown
  double hours_after = 0;
  bool per_hour = false;            // calls are compared per hour, as both workloads cover at least a minute
  std::vector<QueryChange> added;   // by total time
  std::vector<QueryChange> gone;    // by total time
  std::vector<QueryChange> slower;  // by additional time
  std::vector<QueryChange> faster;  // by saved time
  std::vector<QueryChange> more_frequent;  // by additional calls
};

// First and last call; nullopt: no call has a time.
struct Span {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::optional<Span> span_of(const Workload& workload);

Comparison compare(const Workload& before, const Workload& after);

}  // namespace pgadvise
