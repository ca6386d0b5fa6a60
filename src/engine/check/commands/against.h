// check --against: plans the statements of a workload under the schema before and after a change.
#pragma once

#include "check/load/load.h"

namespace pgadvise::check {

// Sets inputs.comparison if inputs.against names a revision or a snapshot; otherwise does nothing. The
// schema after the change is that of inputs.database.server, a sandbox that load() built of the schema
// inputs. Builds the schema before it, the files of the revision or the schema of the snapshot, on another
// throwaway server. Both get the statistics of the snapshot among the inputs, or the rows of --load; a
// snapshot of --against keeps its own statistics. Each statement is planned under both with the same values,
// and none is run. If the comparison is not possible, a diagnostic says why (usage: no statements, no
// statistics, no schema, errors of git; otherwise the error of the sandbox). Statements that only one of the
// servers failed to build are named, and set PlanComparison::incomplete. A stop request ends the planning:
// the result has what was compared by then. Cost: starts a server, and sends each statement to both.
void compare_plans(Inputs& inputs, const Settings& settings);

}  // namespace pgadvise::check
