// How many children a node of EXPLAIN's has.
#pragma once

#include <cstddef>

#include "model/queries/plan.h"

namespace pgadvise::plan {

struct Arity {
  std::size_t least = 0, most = 0;
};

// Without sub-plans: 2 and 2 of a join. What has any number, and types that are not known: 0 and npos.
Arity arity(const PlanNode& node);

}  // namespace pgadvise::plan
