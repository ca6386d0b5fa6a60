// Selects and writes the requested reports.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "report/report.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// As after --format, sorted.
std::vector<std::string> format_names();

struct WantedReport {
  std::string format = "text";
  std::string path;  // "" for stdout
};

// Parses --format F [-o FILE] [--format F -o FILE …]: a FILE belongs to the preceding format that has none
// yet. Errors (usage): an unknown format (with a similar one), one FILE twice, two reports for stdout, more
// files than formats.
Result<std::vector<WantedReport>> wanted_reports(const CLI::App& command, const std::string& format_option,
                                                 const std::string& output_option);

// Sets the options that all reports share: --quiet, and the targets of links.
void set_style(report::Options& options);

// Writes the reports, with passwords masked. Continues after a failure. Errors (usage): the first failure.
Result<void> write_reports(const Report& found, const std::vector<WantedReport>& wanted,
                           report::Options options);

}  // namespace pgadvise::cli
