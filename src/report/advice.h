// Formats Advice: text for people, JSON for programs. The output has no literals, as statements are
// normalized.
#pragma once

#include <string>

#include "base/result.h"
#include "model/advice.h"

namespace pgadvise::report {

struct AdviceOptions {
  bool color = false;
  int width = 80;
};

std::string advice_text(const Advice& advice, const AdviceOptions& options);
std::string advice_json(const Advice& advice, const Diagnostics& diagnostics);

}  // namespace pgadvise::report
