// Advice and Evaluations as text for people. Statements are normalized, so no literal of a query is in it.
#pragma once

#include <string>

#include "model/results/advice.h"
#include "model/results/evaluation.h"
#include "report/text/paint.h"

namespace pgadvise::report {

std::string advice_text(const Advice& advice, const Look& look);
std::string evaluation_text(const Evaluation& evaluation, const Look& look);

}  // namespace pgadvise::report
