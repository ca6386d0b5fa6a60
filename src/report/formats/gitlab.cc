// GitLab's code quality report: an array of issues ("Code Quality report format", docs.gitlab.com), which is
// a part of Code Climate's format. `other_locations` is in the latter alone.

#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/json/members.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

const char* severity(const Finding& finding) {
  if (finding.severity == Severity::error)
    return finding.verdict == Verdict::confirmed ? "critical" : "major";
  return finding.severity == Severity::warning ? "minor" : "info";
}

json location_json(const SourceLocation& place) {
  return {{"path", place.file}, {"lines", {{"begin", place.line}}}};
}

std::string render(const Report& report, const Options& options) {
  json out = json::array();
  for (const auto* finding : standing(report)) {
    json issue;
    issue["description"] = printable(explanation(*finding));
    issue["check_name"] = finding->rule;
    issue["fingerprint"] = finding->id;
    issue["severity"] = severity(*finding);
    issue["location"] = location_json(shown_at(*finding, options));
    for (const auto& place : others_shown_at(*finding, options))
      issue["other_locations"].push_back(location_json(place));
    out.push_back(std::move(issue));
  }
  return text_of(out, 1);
}

}  // namespace

const Format gitlab_format{"gitlab", "GitLab code quality", render};

}  // namespace pgadvise::report::formats
