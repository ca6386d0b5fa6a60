// Advice and Evaluations as JSON for programs. Statements are normalized, so no literal is in it.
#pragma once

#include <string>

#include "base/result.h"
#include "model/results/advice.h"
#include "model/results/evaluation.h"

namespace pgadvise::report {

// docs/advice.schema.json describes the first result, docs/evaluation.schema.json the second.
std::string advice_json(const Advice& advice, const Diagnostics& diagnostics);
std::string evaluation_json(const Evaluation& evaluation, const Diagnostics& diagnostics);

}  // namespace pgadvise::report
