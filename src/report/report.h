// Findings -> text for people, JSON for dashboards, and what CI services show beside a change. One file a
// format.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/repository_path.h"
#include "base/result.h"
#include "model/finding.h"
#include "model/report.h"
#include "model/workload.h"
#include "report/paint.h"

namespace pgadvise::report {

struct Options {
  bool color = false;
  int width = 100;
  bool show_literals = false;
  bool warnings_printed =
      false;           // the diagnostics are on standard error, beside this report: here they are counted
  bool quiet = false;  // the findings and one line: what was read and what was not is counted
  // The source lines of a finding, with so many around them; nullopt or empty: there are none to be shown.
  std::function<std::optional<Source>(const Finding&, int)> source = {};
  bool links = false;     // to files, and to the rules' pages: rules_url + id + ".md"
  std::string host;       // whose files they are
  std::string rules_url;  // "": the rule's name leads to the place, too
  std::size_t top =
      0;  // findings that are told one by one, where a format is short of room; 0: as many as it takes
  RepositoryPaths repository = {};  // CI services know files by their path in the repository
};

// Passwords and what else is secret as ***, whatever the format. A fix that had some is to be mended by hand:
// its SQL is not what is to run.
Report without_secrets(Report report);
Finding without_secrets(Finding finding);

// Diagnostics that say the same of several places as one, with the first of the places.
Diagnostics together(const Diagnostics& diagnostics);

std::string to_text(const Report& report, const Options& options);
std::string to_json(const Report& report, bool show_literals);
std::string to_sarif(const Report& report, const Options& options);     // SARIF 2.1.0, within GitHub's limits
std::string to_github(const Report& report, const Options& options);    // workflow commands: annotations
std::string to_gitlab(const Report& report, const Options& options);    // code quality
std::string to_junit(const Report& report, const Options& options);     // a suite a rule
std::string to_markdown(const Report& report, const Options& options);  // a comment of a pull request
std::string to_rdjson(const Report& report, const Options& options);    // reviewdog
std::string to_agent(const Report& report, const Options& options);  // few words, for programs that read text

struct Format {
  std::string_view name;
  std::string_view what;
  std::string (*render)(const Report&, const Options&);
};
std::span<const Format> formats();
const Format* find_format(std::string_view name);

}  // namespace pgadvise::report
