#include "model/results/run_record.h"

#include <algorithm>
#include <filesystem>

#include "base/text/mask.h"
#include "base/text/text.h"

namespace pgadvise {
namespace {

RecordedFinding record_of(const Finding& finding, RecordedFinding::State state, const Suppression& by = {}) {
  if (finding.verdict == Verdict::refuted) state = RecordedFinding::State::refuted;
  return {.id = finding.id,
          .short_id = finding.short_id,
          .rule = finding.rule,
          .severity = finding.severity,
          .verdict = finding.verdict,
          .state = state,
          .subject = finding.subject,
          .location = finding.location.value_or(SourceLocation{}),
          .message = mask_secrets(finding.message),
          .impact = {finding.impact.score, mask_secrets(finding.impact.effect)},
          .owners = mask_secrets(join(finding.owners, " ")),
          .reason = mask_secrets(by.reason),
          .until = by.until};
}

bool reads_area(const RunRecord& run, FindingArea area) {
  return std::ranges::any_of(run.inputs, [&](const ReportInput& input) { return area_of(input) == area; });
}

bool reads_file(const RunRecord& run, const std::string& file) {
  return std::ranges::any_of(run.inputs, [&](const ReportInput& input) {
    return area_of(input) == FindingArea::file && contains_file(input.path, file);
  });
}

// A server's findings are compared with those of the same database, or of a snapshot of any.
bool reads_server(const RunRecord& run, const RunRecord& earlier) {
  return std::ranges::any_of(run.inputs, [&](const ReportInput& input) {
    return area_of(input) == FindingArea::server &&
           (input.kind != "database" || std::ranges::none_of(earlier.inputs, [&](const ReportInput& other) {
              return other.kind == "database" && other.path != input.path;
            }));
  });
}

}  // namespace

std::string_view name(RecordedFinding::State state) {
  return word_of(state, {"standing", "refuted", "suppressed", "accepted"});
}

std::string_view name(FindingArea area) { return word_of(area, {"file", "server", "log"}); }

RunRecord record_of(const Report& report) {
  using State = RecordedFinding::State;
  RunRecord out{.started = report.started,
                .version = PGADVISE_VERSION,
                .server_version = report.server_version,
                .inputs = report.inputs,
                .scope = report.scope,
                .findings = {}};
  for (const auto& finding : report.findings) out.findings.push_back(record_of(finding, State::standing));
  for (const auto& one : report.suppressed)
    out.findings.push_back(record_of(one.finding, State::suppressed, one.by));
  if (report.baseline)
    for (const auto& finding : report.baseline->known)
      out.findings.push_back(record_of(finding, State::accepted));
  sort_by_id(out.findings);
  return out;
}

void sort_by_id(std::vector<RecordedFinding>& findings) {
  std::ranges::stable_sort(findings,
                           [](const RecordedFinding& a, const RecordedFinding& b) { return a.id < b.id; });
  findings.erase(std::unique(findings.begin(), findings.end(),
                             [](const RecordedFinding& a, const RecordedFinding& b) { return a.id == b.id; }),
                 findings.end());
}

FindingArea area_of(const ReportInput& input) {
  const std::string& kind = input.kind;
  if (kind.ends_with(" log") || kind == "workload" || kind == "pg_stat_statements") return FindingArea::log;
  if (kind == "database" || kind == "snapshot" || kind == "sandbox") return FindingArea::server;
  return FindingArea::file;
}

FindingArea area_of(const RecordedFinding& finding, const std::vector<ReportInput>& inputs) {
  if (!finding.subject.fingerprint.empty() && finding.subject.file.empty()) return FindingArea::log;
  if (finding.location.live()) return FindingArea::server;
  const bool logged = std::ranges::any_of(inputs, [&](const ReportInput& input) {
    return area_of(input) == FindingArea::log && input.path == finding.location.file;
  });
  return logged ? FindingArea::log : FindingArea::file;
}

bool contains_file(const std::string& path, const std::string& file) {
  namespace fs = std::filesystem;
  const std::string folder = fs::path(path).lexically_normal().generic_string();
  const std::string inside = fs::path(file).lexically_normal().generic_string();
  if (folder == ".") return !inside.starts_with("/") && !inside.starts_with("../") && inside != "..";
  if (folder.empty()) return false;
  return inside == folder || inside.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

std::string why_not_checked(const RecordedFinding& finding, const RunRecord& found_by, const RunRecord& other,
                            std::string_view which) {
  const std::string report = "the " + std::string(which) + " report ";
  const std::string run = "the " + std::string(which) + " run ";
  if (!other.scope_known) return report + "does not state what was checked";
  if (other.findings_hidden) return "the baseline of " + report + "may contain the finding";
  const bool by_migration = is_one_of(finding.rule, other.scope.migration_rules);
  if (!by_migration && !is_one_of(finding.rule, other.scope.rules))
    return run + "did not apply the rule everywhere";
  if (by_migration && !is_one_of(finding.location.file, other.scope.migrations))
    return run + "did not check the migration";
  switch (area_of(finding, found_by.inputs)) {
    case FindingArea::log: return reads_area(other, FindingArea::log) ? "" : run + "read no log or workload";
    case FindingArea::server: return reads_server(other, found_by) ? "" : run + "did not read the database";
    case FindingArea::file: break;
  }
  return reads_file(other, finding.location.file) ? "" : run + "did not read the file";
}

}  // namespace pgadvise
