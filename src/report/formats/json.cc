#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "report/all_formats.h"
#include "report/finding_json.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

void put(json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

json summary_json(const Report& report) {
  json out;
  json severities = {{"error", 0}, {"warning", 0}, {"note", 0}};
  json verdicts = {{"confirmed", 0}, {"suspected", 0}, {"refuted", 0}};
  std::map<std::string, int> rules;
  for (const auto& finding : report.findings) {
    auto& verdict = verdicts[std::string(name(finding.verdict))];
    verdict = verdict.get<int>() + 1;
    ++rules[finding.rule];
    if (finding.verdict == Verdict::refuted) continue;
    auto& severity = severities[std::string(name(finding.severity))];
    severity = severity.get<int>() + 1;
  }
  out["findings"] = report.findings.size();
  out["suppressed"] = report.suppressed.size();
  out["severities"] = severities;  // without the refuted
  out["verdicts"] = verdicts;
  out["rules"] = rules;
  out["rules_run"] = report.rules_run;
  put(out, "nothing_checked", report.nothing_checked);
  out["first"] = json::array();
  for (const FirstThing& thing : first_things(report))
    out["first"].push_back(
        {{"id", thing.finding->id}, {"more_of_rule", thing.more}, {"text", in_words(thing)}});
  return out;
}

json further_json(const Report& report) {
  json out = json::array();
  for (const auto& index : report.further_indexes)
    out.push_back({{"sql", index.sql},
                   {"down_sql", index.down_sql},
                   {"schema", index.table.schema},
                   {"table", index.table.name},
                   {"size_bytes", index.size_bytes},
                   {"share_saved", std::round(1e4 * index.cost_saved / report.workload_cost) / 1e4},
                   {"queries", index.queries}});
  return out;
}

std::string render(const Report& report, const Options& options) {
  json out;
  out["schema"] = "pgadvise-report-1";
  out["findings"] = json::array();
  for (const auto& finding : report.findings)
    out["findings"].push_back(finding_json(finding, options.show_literals));
  if (report.workload_cost > 0) out["further_indexes"] = further_json(report);
  out["suppressed"] = json::array();
  for (const auto& [finding, by] : report.suppressed) {
    json entry = finding_json(finding, options.show_literals);
    entry["suppression"] = {{"reason", by.reason}, {"location", place_json(by.place)}};
    out["suppressed"].push_back(std::move(entry));
  }
  if (report.baseline) {
    json gone = json::array();
    for (const auto& entry : report.baseline->gone)
      gone.push_back({{"id", entry.id}, {"rule", entry.rule}, {"message", entry.what}});
    out["baseline"] = {
        {"path", report.baseline->path}, {"known", report.baseline->known.size()}, {"gone", gone}};
  }
  out["skipped_rules"] = json::array();
  for (const auto& skipped : report.skipped)
    out["skipped_rules"].push_back({{"rule", skipped.rule}, {"reason", skipped.reason}});
  out["inputs"] = json::array();
  for (const auto& input : report.inputs) {
    json entry{{"kind", input.kind}, {"path", input.path}};
    put(entry, "detail", input.detail);
    out["inputs"].push_back(entry);
  }
  out["diagnostics"] = json::array();
  for (const auto& diagnostic : report.diagnostics) out["diagnostics"].push_back(diagnostic.line());
  out["summary"] = summary_json(report);
  json run;
  run["version"] = PGADVISE_VERSION;
  run["started"] = report.started;
  run["seconds"] = report.seconds;
  put(run, "server_version", report.server_version);
  put(run, "what_if", report.what_if);
  if (report.planned)
    run["plans"] = {
        {"planned", report.planned}, {"run", report.analyzed}, {"seconds", report.analyze_seconds}};
  out["run"] = run;
  return escape_controls(out.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace

const Format json_format{"json", "the whole report, for dashboards (docs/report.schema.json)", render};

}  // namespace pgadvise::report::formats
