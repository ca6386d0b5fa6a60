// Two workloads side by side: what a release, an upgrade or a new index changed.
#pragma once

#include <string>
#include <vector>

#include "model/workload.h"

namespace pgadvise {

struct QueryChange {
  const Query* before = nullptr;  // null: it is new
  const Query* after = nullptr;   // null: it is gone
  double time_ratio = 0;          // mean after / mean before; 0: not known
  double calls_ratio = 0;         // calls after / calls before, per hour where `Comparison::per_hour`
};

// Views into the workloads that were compared.
struct Comparison {
  const Workload* before = nullptr;
  const Workload* after = nullptr;
  double hours_before = 0;  // from the first to the last call; 0: not known
  double hours_after = 0;
  bool per_hour = false;                   // calls are compared per hour: both last a minute or more
  std::vector<QueryChange> added;          // by total time
  std::vector<QueryChange> gone;           // by total time
  std::vector<QueryChange> slower;         // by the time it costs
  std::vector<QueryChange> faster;         // by the time it saves
  std::vector<QueryChange> more_frequent;  // by the calls that came in addition
};

// First and last call; nullopt: no call has a time.
struct Span {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::optional<Span> span_of(const Workload& workload);

Comparison compare(const Workload& before, const Workload& after);

}  // namespace pgadvise
