// The numbers of a run as gauges for OpenTelemetry: the body of a request to /v1/metrics, and a line for the
// collector's otlpjsonfile receiver.
#include "report/all_formats.h"
#include "report/json/members.h"
#include "report/otlp.h"
#include "report/run_metrics.h"

namespace pgadvise::report::formats {
namespace {

using otlp::json;

json points_of(const RunMetric& metric, const std::string& time) {
  json out = json::array();
  for (const auto& sample : metric.samples) {
    json attributes = json::array();
    for (const auto& [name, value] : sample.labels)
      attributes.push_back(otlp::attribute("pgadvise." + name, std::string_view(value)));
    out.push_back(
        object("attributes", std::move(attributes), "timeUnixNano", time, "asDouble", sample.value));
  }
  return out;
}

// The version is an attribute of the resource.
std::string metrics_json(const Report& report, const Options&) {
  const std::string time = otlp::start_of(report);
  json metrics = json::array();
  for (const auto& metric : run_metrics(report))
    if (!metric.otel_name.empty())
      metrics.push_back(object("name", "pgadvise." + std::string(metric.otel_name), "description",
                               metric.help, "unit", metric.unit, "gauge",
                               object("dataPoints", points_of(metric, time))));
  return otlp::request(report, "Metrics", "metrics", std::move(metrics));
}

}  // namespace

const Format otlp_metrics_format{
    "otlp-metrics", "numbers of findings as metrics of OpenTelemetry (OTLP/HTTP JSON)", metrics_json};

}  // namespace pgadvise::report::formats
