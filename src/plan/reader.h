// EXPLAIN's output, as JSON or text, of a server, of auto_explain or pasted by a person -> Plan.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

Result<Plan> read_json(std::string_view json);

// JSON or text (plan/text_reader.h), whichever it is.
Result<Plan> read(std::string_view text);

// Depth-first, parents before children.
template <class Visitor>
void visit(const PlanNode& node, const Visitor& visitor) {
  visitor(node);
  for (const auto& child : node.children) visit(child, visitor);
}

}  // namespace pgadvise::plan
