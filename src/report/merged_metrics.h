// Metrics of several databases as one text, for Prometheus.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::report {

// A label's value, in quotes.
std::string label_value(std::string_view text);

struct TargetMetrics {
  std::string target;  // "": its samples get no label
  std::string text;    // as --format openmetrics writes it
};

// One text with each family once, in the order in which the families first occur. Each sample gets the label
// `target` before its own.
std::string merged_metrics(const std::vector<TargetMetrics>& parts);

}  // namespace pgadvise::report
