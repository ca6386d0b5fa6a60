#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "report/all_formats.h"
#include "report/context_json.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

void put(json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

json place_json(const SourceLocation& place) {
  json out;
  out["file"] = place.file;
  if (place.line > 0) out["line"] = place.line;
  if (place.line > 0 && place.column > 0) out["column"] = place.column;
  return out;
}

json subject_json(const Subject& subject) {
  json out;
  out["kind"] = subject.kind;
  put(out, "schema", subject.schema);
  put(out, "table", subject.table);
  if (!subject.columns.empty()) out["columns"] = subject.columns;
  put(out, "constraint", subject.constraint);
  put(out, "index", subject.index);
  put(out, "fingerprint", subject.fingerprint);
  put(out, "file", subject.file);
  put(out, "entry", subject.entry);
  return out;
}

std::string_view kind_name(Evidence::Kind kind) {
  switch (kind) {
    case Evidence::Kind::statement: return "statement";
    case Evidence::Kind::plan: return "plan";
    case Evidence::Kind::what_if: return "what-if";
    case Evidence::Kind::project: return "project";
    case Evidence::Kind::catalog: break;
  }
  return "catalog";
}

json evidence_json(const Evidence& evidence, bool show_literals) {
  json out;
  out["kind"] = kind_name(evidence.kind);
  out["text"] = evidence.text;
  if (evidence.place && !evidence.place->live()) out["location"] = place_json(*evidence.place);
  if (show_literals) put(out, "literal", evidence.literal);
  return out;
}

json fix_json(const Fix& fix) {
  json out;
  out["title"] = fix.title;
  put(out, "sql", fix.sql);
  put(out, "down_sql", fix.down_sql);
  put(out, "drizzle", fix.drizzle);
  out["safety"] = name(fix.safety);
  if (fix.cost_before) out["cost_before"] = *fix.cost_before;
  if (fix.cost_after) out["cost_after"] = *fix.cost_after;
  put(out, "proposed_by", fix.proposed_by);
  return out;
}

json finding_json(const Finding& finding, bool show_literals) {
  json out;
  out["id"] = finding.id;
  put(out, "short_id", finding.short_id);
  out["rule"] = finding.rule;
  out["severity"] = name(finding.severity);
  out["verdict"] = name(finding.verdict);
  put(out, "verdict_reason", finding.verdict_reason);
  out["subject"] = subject_json(finding.subject);
  if (finding.location && !finding.location->live()) out["location"] = place_json(*finding.location);
  for (const auto& place : finding.other_locations) out["other_locations"].push_back(place_json(place));
  out["message"] = finding.message;
  out["evidence"] = json::array();
  for (const auto& evidence : finding.evidence)
    out["evidence"].push_back(evidence_json(evidence, show_literals));
  if (finding.fix) out["fix"] = fix_json(*finding.fix);
  out["impact"] = {{"score", std::round(finding.impact.score * 10) / 10}};
  put(out["impact"], "effect", finding.impact.effect);
  return out;
}

// With the source lines around its location, where they may be shown.
json with_source(json out, const Finding& finding, const Options& options) {
  constexpr int around = 3;
  const auto source = options.source ? options.source(finding, around) : std::nullopt;
  if (source && !source->lines.empty())
    out["source"] = {{"first_line", source->first}, {"lines", source->lines}};
  return out;
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

std::string render(const Report& report, const Options& options) {
  json out;
  out["schema"] = "pgadvise-report-1";
  out["findings"] = json::array();
  for (const auto& finding : report.findings)
    out["findings"].push_back(with_source(finding_json(finding, options.show_literals), finding, options));
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
  put_context(out, report, options);
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
