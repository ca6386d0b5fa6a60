// Reads a stored report of `pgadvise check --format json`.
#pragma once

#include <string>

#include "base/result.h"
#include "model/run_record.h"

namespace pgadvise::report {

// `name`: of the file, for errors. Ignores members that a later version may have added. Errors (input): the
// text is no JSON, is not a report of check, or has a finding without an id or rule.
Result<RunRecord> read_stored_report(const std::string& name, const std::string& json);

}  // namespace pgadvise::report
