// EXPLAIN's output, as JSON or text, of a server, of auto_explain or pasted by a person -> Plan.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

Result<Plan> read_json(std::string_view json);

// FORMAT TEXT, with what psql and others put around it: a heading, rules, a border, the number of rows. Errors: no line of it is a
// plan's node.
Result<Plan> read_text(std::string_view text);

// Whichever of the two it is.
Result<Plan> read(std::string_view text);

// As EXPLAIN's text names the node: "Parallel Index Only Scan Backward using i on public.t a", "Partial HashAggregate".
std::string title(const PlanNode& node);

}  // namespace pgadvise::plan
