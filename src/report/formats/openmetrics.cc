// Metrics for Prometheus, by node_exporter's textfile collector, and for other readers of OpenMetrics. All
// are gauges, which both text formats write alike. Labels have no text of queries, tables or messages: the
// number of series depends on the number of rules only.
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "report/all_formats.h"
#include "report/common.h"
#include "report/merged_metrics.h"
#include "store/facts.h"

namespace pgadvise::report::formats {
namespace {

class Metrics {
 public:
  explicit Metrics(std::string_view database) : database_("database=" + label_value(database)) {}

  void begin(std::string_view name, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP pgadvise_{0} {1}\n# TYPE pgadvise_{0} gauge\n", name, help);
  }
  // `labels`: "", or ",name=\"value\"" each.
  void add(double value, const std::string& labels = {}) {
    out_ += fmt::format("pgadvise_{}{{{}{}}} {}\n", name_, database_, labels, value);
  }
  void one(std::string_view name, std::string_view help, double value) {
    begin(name, help);
    add(value);
  }
  std::string text() const { return out_ + "# EOF\n"; }

 private:
  std::string database_;
  std::string name_;
  std::string out_;
};

std::string database_of(const Report& report) {
  for (const auto& input : report.inputs)
    if (input.kind == "database") return input.path;
  return {};
}

void add_findings(const Report& report, Metrics& metrics) {
  const auto findings = standing(report);
  std::map<std::tuple<Severity, Verdict>, int> counts;
  for (const auto severity : {Severity::error, Severity::warning, Severity::note})
    for (const auto verdict : {Verdict::confirmed, Verdict::suspected}) counts[{severity, verdict}] = 0;
  std::map<std::string, int> rules;
  for (const auto& rule : report.rules_run) rules[rule] = 0;
  for (const auto* finding : findings) {
    ++counts[{finding->severity, finding->verdict}];
    ++rules[finding->rule];
  }
  metrics.begin("findings", "Findings of the last run, without suppressed and refuted ones.");
  for (const auto& [key, number] : counts)
    metrics.add(number, fmt::format(",severity={},verdict={}", label_value(name(std::get<0>(key))),
                                    label_value(name(std::get<1>(key)))));
  metrics.begin("rule_findings", "Findings of each rule that the last run applied.");
  for (const auto& [rule, number] : rules) metrics.add(number, ",rule=" + label_value(rule));
}

std::string render(const Report& report, const Options&) {
  Metrics metrics(database_of(report));
  metrics.begin("build_info", "The version of pgadvise.");
  metrics.add(1, ",version=" + label_value(PGADVISE_VERSION));
  metrics.one("last_run_timestamp_seconds", "Start of the last run.",
              static_cast<double>(store::seconds_of(report.started).value_or(0)));
  metrics.one("last_run_duration_seconds", "Duration of the last run.", report.seconds);
  metrics.one("last_run_checked", "Whether the last run had anything to check.",
              report.nothing_checked.empty() ? 1 : 0);
  add_findings(report, metrics);
  metrics.one("suppressed_findings", "Findings that a comment or pgadvise.toml suppresses.",
              static_cast<double>(report.suppressed.size()));
  metrics.one("rules_run", "Rules that the last run applied.", static_cast<double>(report.rules_run.size()));
  metrics.one("rules_skipped", "Rules that lacked an input.", static_cast<double>(report.skipped.size()));
  metrics.one("input_warnings", "Parts of the inputs that could not be read.",
              static_cast<double>(report.diagnostics.size()));
  return metrics.text();
}

}  // namespace

const Format openmetrics_format{
    "openmetrics", "metrics for Prometheus (node_exporter's textfile collector): numbers of findings",
    render};

}  // namespace pgadvise::report::formats
