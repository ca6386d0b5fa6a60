// Formats a workload, or the comparison of two: a table for people, JSON for programs.
#pragma once

#include <string>

#include "model/comparison.h"
#include "model/workload.h"

namespace pgadvise::report {

struct DigestOptions {
  bool color = false;
  bool unicode = false;  // use block characters for histograms
  int width = 80;
  bool show_literals = false;
  std::size_t top = 20;  // number of queries; 0: all
};

std::string digest_text(const Workload& workload, const DigestOptions& options);
std::string digest_json(const Workload& workload, bool show_literals);
std::string comparison_text(const Comparison& comparison, const DigestOptions& options);
std::string comparison_json(const Comparison& comparison);

// Shared by the two text forms.
std::string short_time(double milliseconds);  // "0.12ms", "18.4ms", "1.20s", "3.5min", "2.1h"
std::string count(std::uint64_t value);       // "1,234,567"
double median_ms(const ServerEvent& event);   // at most the longest duration, which is known exactly
// "2026-11-20T10:00:00.123", in the log's time zone.
std::string time_stamp(std::int64_t microseconds);

}  // namespace pgadvise::report
