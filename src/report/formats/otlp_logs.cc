// Findings as log records for OpenTelemetry: the body of a request to /v1/logs, and a line for the
// collector's otlpjsonfile receiver.
#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/json/members.h"
#include "report/otlp.h"

namespace pgadvise::report::formats {
namespace {

using otlp::attribute;
using otlp::json;

struct Level {
  int number;  // SeverityNumber: INFO, WARN, ERROR
  const char* text;
};

Level level_of(Severity severity) {
  return severity == Severity::error     ? Level{17, "ERROR"}
         : severity == Severity::warning ? Level{13, "WARN"}
                                         : Level{9, "INFO"};
}

json attributes_of(const Finding& finding, const Options& options) {
  json out = json::array();
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) out.push_back(attribute(key, value));
  };
  add("pgadvise.finding.id", finding.id);
  add("pgadvise.finding.short_id", finding.short_id);
  add("pgadvise.finding.rule", finding.rule);
  add("pgadvise.finding.severity", name(finding.severity));
  add("pgadvise.finding.verdict", name(finding.verdict));
  add("pgadvise.finding.subject", subject(finding));
  add("pgadvise.finding.owners", join(finding.owners, " "));
  out.push_back(attribute("pgadvise.finding.impact", finding.impact.score));
  const Subject& about = finding.subject;
  if (!about.table.empty())
    add("db.collection.name", about.schema.empty() ? about.table : about.schema + "." + about.table);
  add("pgadvise.query.fingerprint", about.fingerprint);
  if (finding.in_file()) {
    const SourceLocation place = shown_at(finding, options);
    add("code.file.path", place.file);
    out.push_back(attribute("code.line.number", std::int64_t{place.line}));
  }
  return out;
}

std::string log_records_json(const Report& report, const Options& options) {
  json records = json::array();
  const std::string start = otlp::start_of(report);
  for (const auto* finding : standing(report)) {
    const Level level = level_of(finding->severity);
    records.push_back(object("timeUnixNano", start, "observedTimeUnixNano", start, "severityNumber",
                             level.number, "severityText", level.text, "eventName", "pgadvise.finding",
                             "body", object("stringValue", printable_block(explanation(*finding))),
                             "attributes", attributes_of(*finding, options)));
  }
  return otlp::request(report, "Logs", "logRecords", std::move(records));
}

}  // namespace

const Format otlp_logs_format{"otlp-logs", "findings as log records of OpenTelemetry (OTLP/HTTP JSON)",
                              log_records_json};

}  // namespace pgadvise::report::formats
