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

json lines_json(const SourceLocation& place) {
  return object("path", place.file, "lines", object("begin", place.line));
}

std::string code_quality_json(const Report& report, const Options& options) {
  json out = json::array();
  for (const auto* finding : standing(report)) {
    out.push_back(object("description", printable(explanation(*finding)), "check_name", finding->rule,
                         "fingerprint", finding->id, "severity", severity(*finding), "location",
                         lines_json(shown_at(*finding, options)), "other_locations",
                         given(array_of(others_shown_at(*finding, options), lines_json))));
  }
  return text_of(out, 1);
}

}  // namespace

const Format gitlab_format{"gitlab", "GitLab code quality", code_quality_json};

}  // namespace pgadvise::report::formats
