// A finding as JSON, for every format that has findings.
#pragma once

#include <nlohmann/json.hpp>

#include "model/results/finding.h"

namespace pgadvise::report {

// Members as docs/report.schema.json describes them. Text is as in the finding: the caller masks secrets.
nlohmann::ordered_json finding_json(const Finding& finding, bool show_literals);

nlohmann::ordered_json subject_json(const Subject& subject);
nlohmann::ordered_json place_json(const SourceLocation& place);

}  // namespace pgadvise::report
