#include "report/json/stored_report.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/text/json_parse.h"
#include "base/text/text.h"

namespace pgadvise::report {
namespace {

using Json = nlohmann::json;

// Values of another type count as missing: the file may be of anybody's making.
std::string word(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  const double value = found != object.end() && found->is_number() ? found->get<double>() : 0;
  return std::isfinite(value) ? value : 0;
}

const Json& member(const Json& object, const char* key) {
  static const Json none;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : none;
}

std::vector<std::string> words(const Json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const auto& entry : list)
    if (entry.is_string()) out.push_back(entry.get<std::string>());
  return out;
}

int line_of(const Json& place, const char* key) {
  const double value = number(place, key);
  return value >= 1 && value <= 1e9 ? static_cast<int>(value) : 0;
}

SourceLocation location_of(const Json& place) {
  return {word(place, "file"), line_of(place, "line"), line_of(place, "column")};
}

Subject subject_of(const Json& subject) {
  return {.kind = word(subject, "kind"),
          .schema = word(subject, "schema"),
          .table = word(subject, "table"),
          .columns = words(member(subject, "columns")),
          .constraint = word(subject, "constraint"),
          .index = word(subject, "index"),
          .fingerprint = word(subject, "fingerprint"),
          .file = word(subject, "file"),
          .entry = word(subject, "entry")};
}

Severity severity_of(const std::string& word) {
  return word == name(Severity::error)  ? Severity::error
         : word == name(Severity::note) ? Severity::note
                                        : Severity::warning;
}

Verdict verdict_of(const std::string& word) {
  return word == name(Verdict::confirmed) ? Verdict::confirmed
         : word == name(Verdict::refuted) ? Verdict::refuted
                                          : Verdict::suspected;
}

bool read_findings(const Json& list, RecordedFinding::State state, RunRecord& out) {
  if (!list.is_array()) return true;
  for (const auto& entry : list) {
    RecordedFinding finding{
        .id = word(entry, "id"),
        .short_id = word(entry, "short_id"),
        .rule = word(entry, "rule"),
        .severity = severity_of(word(entry, "severity")),
        .verdict = verdict_of(word(entry, "verdict")),
        .state = state,
        .subject = subject_of(member(entry, "subject")),
        .location = location_of(member(entry, "location")),
        .message = word(entry, "message"),
        .impact = {number(member(entry, "impact"), "score"), word(member(entry, "impact"), "effect")},
        .owners = join(words(member(entry, "owners")), " "),
        .reason = word(member(entry, "suppression"), "reason"),
        .until = word(member(entry, "suppression"), "until")};
    if (finding.id.empty() || finding.rule.empty()) return false;
    if (finding.verdict == Verdict::refuted) finding.state = RecordedFinding::State::refuted;
    out.findings.push_back(std::move(finding));
  }
  return true;
}

void read_scope(const Json& root, RunRecord& out) {
  const Json& scope = member(root, "scope");
  out.scope_known = scope.is_object();
  out.scope = {words(member(scope, "rules")), words(member(scope, "migration_rules")),
               words(member(scope, "migrations"))};
  const Json& baseline = member(root, "baseline");
  if (!baseline.is_object()) return;
  out.findings_hidden = number(baseline, "known") > 0 && !member(baseline, "known_ids").is_array();
  for (auto& id : words(member(baseline, "known_ids")))
    out.findings.push_back({.id = std::move(id), .state = RecordedFinding::State::accepted});
}

}  // namespace

Result<RunRecord> read_stored_report(const std::string& name, const std::string& text) {
  const auto wrong = [&](std::string what) {
    return fail(Error::Kind::input, name, std::move(what), "pgadvise check --format json -o FILE writes one");
  };
  const Json root = parsed_json(text, deepest_report);
  if (root.is_discarded()) return wrong(why_no_json(text, "is not JSON", deepest_report));
  const std::string schema = word(root, "schema");
  if (!member(root, "findings").is_array() || schema != "pgadvise-report-1")
    return wrong(schema.starts_with("pgadvise-report-") ? "is a report of another version of pgadvise"
                                                        : "is not a report of pgadvise check");
  const Json& run = member(root, "run");
  RunRecord out{.started = word(run, "started"),
                .version = word(run, "version"),
                .server_version = word(run, "server_version"),
                .inputs = {},
                .scope = {},
                .findings = {}};
  if (const Json& inputs = member(root, "inputs"); inputs.is_array())
    for (const auto& input : inputs)
      out.inputs.push_back({word(input, "kind"), word(input, "path"), word(input, "detail")});
  if (!read_findings(root["findings"], RecordedFinding::State::standing, out) ||
      !read_findings(member(root, "suppressed"), RecordedFinding::State::suppressed, out))
    return wrong("has a finding without an id or a rule");
  read_scope(root, out);
  sort_by_id(out.findings);
  return out;
}

}  // namespace pgadvise::report
