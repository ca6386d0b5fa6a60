// The plan of what a finding is about: from the server at hand, or as it was logged.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/check_options.h"
#include "model/finding.h"
#include "report/paint.h"

namespace pgadvise::cli {

// As text. `run`: EXPLAIN ANALYZE now, where that is known to be harmless; else the statement is planned, and
// never run. Without a server a plan of the log serves. Constants are left out unless `literals`. Errors
// (nonfatal): why there is none, or why it is not run.
Result<std::string> plan_of(const Finding& finding, const CheckRun& checked, bool run, bool literals,
                            const report::Look& look);

}  // namespace pgadvise::cli
