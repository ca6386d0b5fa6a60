// Formats an Evaluation as text for people. It has no literals of queries, as statements are normalized.
#pragma once

#include <string>

#include "model/results/evaluation.h"
#include "report/text/advice_text.h"

namespace pgadvise::report {

std::string evaluation_text(const Evaluation& evaluation, const AdviceOptions& options);

}  // namespace pgadvise::report
