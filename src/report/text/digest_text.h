// Formats a workload, or the comparison of two, as a table for people.
#pragma once

#include <cstddef>
#include <string>

#include "model/queries/comparison.h"
#include "model/queries/workload.h"

namespace pgadvise::report {

struct DigestOptions {
  bool color = false;
  bool unicode = false;  // use block characters for histograms
  int width = 80;
  bool show_literals = false;
  std::size_t top = 20;  // number of queries; 0: all
};

std::string digest_text(const Workload& workload, const DigestOptions& options);
std::string comparison_text(const Comparison& comparison, const DigestOptions& options);

}  // namespace pgadvise::report
