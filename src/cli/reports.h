// Which reports are wanted, and writing them.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "report/report.h"

namespace pgadvise::cli {

struct WantedReport {
  std::string format = "text";
  std::string path;  // "" for stdout
};

// --format F [-o FILE] [--format F -o FILE …]: a FILE belongs to the format in front of it that has none yet.
// Errors (usage): an unknown format (with the nearest), one FILE twice, two reports for stdout, more files
// than formats.
Result<std::vector<WantedReport>> wanted_reports(const CLI::App& command, const std::string& format_option,
                                                 const std::string& output_option);

// What is the same for each: --quiet, and where links lead.
void set_style(report::Options& options);

// All that can be written are, without passwords. Errors (usage): the first that can't.
Result<void> write_reports(const Report& found, const std::vector<WantedReport>& wanted,
                           report::Options options);

}  // namespace pgadvise::cli
