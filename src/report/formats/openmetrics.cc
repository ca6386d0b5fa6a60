// Metrics for Prometheus, by node_exporter's textfile collector, and for other readers of OpenMetrics. All
// are gauges, which both text formats write alike.
#include <fmt/format.h>

#include "report/all_formats.h"
#include "report/merged_metrics.h"
#include "report/run_metrics.h"

namespace pgadvise::report::formats {
namespace {

std::string metrics_text(const Report& report, const Options&) {
  const std::string database = "database=" + label_value(database_of(report));
  std::string out;
  for (const auto& metric : run_metrics(report)) {
    out += fmt::format("# HELP pgadvise_{0} {1}\n# TYPE pgadvise_{0} gauge\n", metric.name, metric.help);
    for (const auto& sample : metric.samples) {
      std::string labels = database;
      for (const auto& [name, value] : sample.labels)
        labels += fmt::format(",{}={}", name, label_value(value));
      out += fmt::format("pgadvise_{}{{{}}} {}\n", metric.name, labels, sample.value);
    }
  }
  return out + "# EOF\n";
}

}  // namespace

const Format openmetrics_format{
    "openmetrics", "metrics for Prometheus (node_exporter's textfile collector): numbers of findings",
    metrics_text};

}  // namespace pgadvise::report::formats
