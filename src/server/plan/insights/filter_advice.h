// What would let an index find the rows that pass a scan's filter.
#pragma once

#include <string>

#include "model/queries/plan.h"
#include "model/schema/catalog.h"

namespace pgadvise::plan {

struct FilterAdvice {
  bool plain = true;     // the filter compares columns, so that an index on these serves it
  std::string sentence;  // what to do if not plain
};

// `catalog` may be null, and may lack the table: then types are unknown, and a cast to text counts as plain.
// A filter that does not parse, such as one with a SubPlan, counts as plain.
FilterAdvice filter_advice(const PlanNode& scan, const Catalog* catalog);

}  // namespace pgadvise::plan
