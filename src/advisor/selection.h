// Which of the candidates serve the workload best for their size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "advisor/cost_model.h"

namespace pgadvise::advisor {

struct SelectionOptions {
  std::optional<std::int64_t> budget;  // bytes
  std::size_t max_indexes = 0;         // 0: any number
  // An index has to lower the workload's cost by this share of it.
  double least_gain = 0.0001;
  // Or by this share of what the queries cost that it could serve.
  double least_local_gain = 0.1;
  // No query may cost more than this many times what it costs without indexes.
  double max_loss = 1.1;
  std::function<void(double)>
      reached;  // called with the workload's cost whenever it has become less than ever
};

// By candidate.
struct Sizes {
  std::vector<std::int64_t> bytes;
  std::vector<double> maintenance_cost;  // what the workload's writes pay for it
  std::vector<IndexSet> alike;  // those that begin with the same column, itself included; may be left empty
};

struct Step {
  int index = 0;
  double saved = 0;  // against the steps before it
};

// Greedy by gain and by gain per byte, then improved by exchange until nothing helps. `groups`: indexes that
// only pay together.
IndexSet select_indexes(CostModel& model, const Sizes& sizes, const IndexSet& candidates,
                        const std::vector<IndexSet>& groups, const SelectionOptions& options);

// The chosen ones in the order in which they pay: by gain per byte, one after the other.
std::vector<Step> pay_off(CostModel& model, const Sizes& sizes, const IndexSet& chosen);

// Of the whole workload, index maintenance included.
double workload_cost(CostModel& model, const Sizes& sizes, const IndexSet& chosen);

}  // namespace pgadvise::advisor
