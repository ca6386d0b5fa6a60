// Formats a report: text for people, JSON for dashboards, and the formats of CI services. One source file per
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
      false;           // the diagnostics were printed on standard error, so the report only counts them
  bool quiet = false;  // only the findings and a summary line, which counts inputs and warnings
  // Returns the source lines of a finding, with this many lines around it; nullopt or empty: no lines to
  // show.
  std::function<std::optional<Source>(const Finding&, int)> source = {};
  bool links = false;     // link to files, and to the pages of rules: rules_url + id + ".md"
  std::string host;       // host name for links to files
  std::string rules_url;  // "": a rule's name links to the finding's location, too
  std::size_t top =
      0;  // number of findings listed individually in a format with limited space; 0: as many as fit
  RepositoryPaths repository = {};  // CI services identify files by their path in the repository
};

// Masks passwords and other secrets as ***, for every format. A fix with a secret becomes manual, as its
// masked SQL must not run.
Report without_secrets(Report report);
Finding without_secrets(Finding finding);

// Combines equal diagnostics about several locations into one, with the first location.
Diagnostics together(const Diagnostics& diagnostics);

std::string to_text(const Report& report, const Options& options);
std::string to_json(const Report& report, bool show_literals);
std::string to_sarif(const Report& report, const Options& options);     // SARIF 2.1.0, within GitHub's limits
std::string to_github(const Report& report, const Options& options);    // annotations by workflow commands
std::string to_gitlab(const Report& report, const Options& options);    // code quality
std::string to_junit(const Report& report, const Options& options);     // one suite per rule
std::string to_markdown(const Report& report, const Options& options);  // comment on a pull request
std::string to_rdjson(const Report& report, const Options& options);    // reviewdog
std::string to_agent(const Report& report,
                     const Options& options);  // compact text for programs that read text

struct Format {
  std::string_view name;
  std::string_view what;
  std::string (*render)(const Report&, const Options&);
};
std::span<const Format> formats();
const Format* find_format(std::string_view name);

}  // namespace pgadvise::report
