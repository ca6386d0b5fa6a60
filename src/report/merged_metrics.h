// Metrics of several databases as one text, for Prometheus.
#pragma once

#include <cstdint>
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

// The two text formats differ in the names of counters: a sample x_total belongs to the family x in
// OpenMetrics, and to the family x_total in Prometheus' own format, which the textfile collector reads.
enum class MetricsFormat { openmetrics, prometheus };

// One text with each family once, in the order in which the families first occur. Each sample gets the label
// `target` before its own.
std::string merged_metrics(const std::vector<TargetMetrics>& parts,
                           MetricsFormat format = MetricsFormat::openmetrics);

// Whether a text of --format openmetrics was written to its end.
bool is_complete(std::string_view metrics);

// A family with one sample without labels, in Prometheus' own format. It is a counter if its name, which is
// without "pgadvise_", ends in "_total", else a gauge.
std::string metric_family(std::string_view name, std::string_view help, std::uint64_t value);

}  // namespace pgadvise::report
