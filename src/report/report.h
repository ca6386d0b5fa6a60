// Formats a report: text for people, JSON for dashboards, and the formats of CI services. One source file per
// format.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files/repository_path.h"
#include "base/result.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"
#include "model/results/report.h"
#include "report/text/paint.h"

namespace pgadvise::report {

struct Options {
  bool color = false;
  int width = 100;
  bool show_literals = false;
  bool warnings_printed =
      false;             // the diagnostics were printed on standard error, so the report only counts them
  bool quiet = false;    // only the findings and a summary line, which counts inputs and warnings
  bool all = false;      // every finding in full; otherwise `text` fits in about 150 lines
  bool verbose = false;  // also each rule that did not run
  // Returns the source lines of a finding, with this many lines around it; nullopt or empty: no lines to
  // show.
  std::function<std::optional<Source>(const Finding&, int)> source = {};
  bool links = false;     // link to files, and to the pages of rules: rules_url + id + ".md"
  std::string host;       // host name for links to files
  std::string rules_url;  // "": a rule's name links to the finding's location, too
  std::size_t top =
      0;  // number of findings listed individually in a format with limited space; 0: as many as fit
  std::string command = "pgadvise check";  // with the run's inputs, as a shell takes it: for hints
  RepositoryPaths repository = {};         // CI services identify files by their path in the repository
  // What the findings are about; a format with room for it shows it beside them. Not owned; may be null.
  const Workload* workload = nullptr;
  std::vector<const Catalog*> catalogs = {};
};

// Masks passwords and other secrets as ***, for every format. A fix with a secret becomes manual, as its
// masked SQL must not run.
Report without_secrets(Report report);
Finding without_secrets(Finding finding);

// Combines equal diagnostics about several locations into one: lines of files into the first line with ";
// also" and further lines; files or folders of one folder into that folder, with their number and the first
// two.
Diagnostics together(const Diagnostics& diagnostics);

// One output format of `check --format`. A format is registered by its file: src/report/formats/<name>.cc
// defines `const Format <name>_format` (cmake/report_formats.cmake lists the files).
struct Format {
  std::string_view name;         // as after --format
  std::string_view description;  // for --help
  // The whole output; throws nothing, and writes no file. Report may be large: linear in its findings.
  std::string (*render)(const Report&, const Options&);
  bool has_ci_commands = false;  // lines of it are a CI service's commands (base/ci_commands.h)
};
std::span<const Format* const> all_formats();      // in the order of their names
const Format* find_format(std::string_view name);  // nullptr: no format has this name
// Renders with the format of that name, which must exist, and breaks commands of CI services in the text of
// the report.
std::string render(std::string_view format, const Report& report, const Options& options);

}  // namespace pgadvise::report
