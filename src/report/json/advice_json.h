// Formats Advice as JSON for programs. It has no literals, as statements are normalized.
#pragma once

#include <string>

#include "base/result.h"
#include "model/results/advice.h"

namespace pgadvise::report {

std::string advice_json(const Advice& advice, const Diagnostics& diagnostics);

}  // namespace pgadvise::report
