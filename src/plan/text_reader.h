// EXPLAIN's text format -> Plan. From explain.c of PostgreSQL 12 to 18, and real output of 15.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/plan.h"
#include "plan/pasted.h"

namespace pgadvise::plan {

// FORMAT TEXT. What stands before the first node and behind the plan is left out. A line that is not
// understood, another plan, a node without its figures or children: a warning (nonfatal) with the line's
// number, which quotes nothing of it. Errors: no line is a plan's node.
Result<Plan> read_text(const std::vector<PastedLine>& lines, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
