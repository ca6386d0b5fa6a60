// EXPLAIN (FORMAT JSON) -> Plan.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

Result<Plan> read_json(std::string_view json);

// Depth-first, parents before children.
template <class Visitor>
void visit(const PlanNode& node, const Visitor& visitor) {
  visitor(node);
  for (const auto& child : node.children) visit(child, visitor);
}

}  // namespace pgadvise::plan
