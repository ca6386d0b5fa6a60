// Reads a stored report of `pgadvise check --format json`.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/text/json_text.h"
#include "model/results/run_record.h"
#include "plan/read/reader.h"

namespace pgadvise::report {

// Levels of a report's JSON: a plan, and what is around it.
inline constexpr std::size_t deepest_report = plan::deepest_plan_json + deepest_json;

// `name` is the file's, for errors. Ignores members that a later version may have added. Errors (input): the
// text is not JSON, is not a report of check, or has a finding without an id or rule.
Result<RunRecord> read_stored_report(const std::string& name, const std::string& json);

}  // namespace pgadvise::report
