// The numbers of a run that metrics show, whatever the format. Labels have no text of queries, tables or
// messages: the number of series depends on the number of rules, and on PostgreSQL's states and wait events.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/report.h"

namespace pgadvise::report {

// All metrics are gauges.
struct RunMetric {
  struct Sample {
    double value = 0;
    std::vector<std::pair<std::string, std::string>> labels;
  };
  std::string_view name;       // as Prometheus names it, without "pgadvise_": "last_run_duration_seconds"
  std::string_view otel_name;  // as OpenTelemetry names it, without "pgadvise.": "last_run.duration"; "": it
                               // has no such metric
  std::string_view unit;       // UCUM: "s", "{finding}", "1"
  std::string_view help;       // a sentence
  std::vector<Sample> samples;
};

// The database of --db; "" without a server.
std::string database_of(const Report& report);

std::vector<RunMetric> run_metrics(const Report& report);

}  // namespace pgadvise::report
