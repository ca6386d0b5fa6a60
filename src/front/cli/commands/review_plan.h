// The plan of a finding's statement, from the server or from the log.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options/check_options.h"
#include "model/results/finding.h"
#include "report/text/paint.h"

namespace pgadvise::cli {

// Returns text. `run`: use EXPLAIN ANALYZE if the statement is known to be harmless; otherwise the statement
// is only planned. Without a server, uses a logged plan. Omits constants unless `literals`. Errors
// (nonfatal): why there is no plan, or why the statement is not run.
Result<std::string> plan_of(const Finding& finding, const CheckRun& checked, bool run, bool literals,
                            const report::Look& look);

}  // namespace pgadvise::cli
