// Formats Advice as text for people. It has no literals, as statements are normalized.
#pragma once

#include <string>

#include "model/results/advice.h"

namespace pgadvise::report {

struct AdviceOptions {
  bool color = false;
  int width = 80;
};

std::string advice_text(const Advice& advice, const AdviceOptions& options);

}  // namespace pgadvise::report
