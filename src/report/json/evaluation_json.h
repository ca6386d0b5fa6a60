// Formats an Evaluation as JSON for programs. It has no literals of queries, as statements are normalized.
#pragma once

#include <string>

#include "base/result.h"
#include "model/results/evaluation.h"

namespace pgadvise::report {

// docs/evaluation.schema.json describes the result.
std::string evaluation_json(const Evaluation& evaluation, const Diagnostics& diagnostics);

}  // namespace pgadvise::report
