// Formats a workload, or the comparison of two, as a table for people.
#pragma once

#include <cstddef>
#include <string>

#include "model/queries/comparison.h"
#include "model/queries/workload.h"
#include "report/text/paint.h"

namespace pgadvise::report {

struct DigestOptions {
  Look look;  // `unicode`: block characters for histograms
  bool show_literals = false;
  std::size_t top = 20;  // number of queries; 0: all
};

std::string digest_text(const Workload& workload, const DigestOptions& options);
std::string comparison_text(const Comparison& comparison, const DigestOptions& options);

}  // namespace pgadvise::report
