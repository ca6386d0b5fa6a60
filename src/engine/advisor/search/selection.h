// Selects the candidates that reduce a workload's cost most for their size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "advisor/costs/cost_model.h"

namespace pgadvise::advisor {

struct SelectionOptions {
  std::optional<std::int64_t> budget;  // bytes
  std::size_t max_indexes = 0;         // 0: any number
  // An index must reduce the workload's cost by this share,
  double least_gain = 0.0001;
  // or the cost of the queries that it can serve by this share.
  double least_local_gain = 0.1;
  // Limit of a query's cost, as a multiple of its cost without indexes.
  double max_loss = 1.1;
  std::function<void(double)> reached;  // called with the workload's cost whenever a new minimum is found
};

// Indexed by candidate.
struct Sizes {
  double bytes_of(int index) const { return static_cast<double>(bytes[static_cast<std::size_t>(index)]); }
  double maintenance_cost_of(const IndexSet& indexes) const;

  std::vector<std::int64_t> bytes;
  std::vector<double> maintenance_cost;  // cost that the index adds to the workload's writes
  std::vector<IndexSet> alike;           // indexes with the same first column, including itself; may be empty
};

struct Step {
  int index = 0;
  double saved = 0;  // compared with the steps before it
};

// Selects greedily by gain and by gain per byte, then improves by exchanges until none helps. `groups`:
// indexes that help only together.
IndexSet select_indexes(CostModel& model, const Sizes& sizes, const IndexSet& candidates,
                        const std::vector<IndexSet>& groups, const SelectionOptions& options);

// Orders the chosen indexes: each next one has the highest gain per byte.
std::vector<Step> ordered_by_gain(CostModel& model, const Sizes& sizes, const IndexSet& chosen);

// The cost of the whole workload, with index maintenance.
double workload_cost(CostModel& model, const Sizes& sizes, const IndexSet& chosen);

}  // namespace pgadvise::advisor
