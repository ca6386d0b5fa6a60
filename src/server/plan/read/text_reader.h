// Parses EXPLAIN's text format. Based on explain.c of PostgreSQL 12 to 18, and on real output of 15.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/queries/plan.h"
#include "plan/read/pasted.h"

namespace pgadvise::plan {

// Reads FORMAT TEXT, and ignores what stands before the first node and after the plan. A line that is not
// understood, a second plan, a node without its figures or children: a warning (nonfatal) with the line's
// number, which quotes nothing of it. Errors: no line is a plan node.
Result<Plan> read_text(const std::vector<PastedLine>& lines, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
