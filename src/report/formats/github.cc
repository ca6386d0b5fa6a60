// Workflow commands ("Workflow commands for GitHub Actions", docs.github.com): ::warning
// file=…,line=…,title=…::message
#include <fmt/format.h>

#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"

namespace pgadvise::report::formats {
namespace {

std::string escaped(const std::string& text) {
  return replace_all(replace_all(replace_all(text, "%", "%25"), "\r", "%0D"), "\n", "%0A");
}

std::string property(const std::string& text) {
  return replace_all(replace_all(escaped(text), ":", "%3A"), ",", "%2C");
}

const char* command(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "notice";
}

std::string workflow_commands(const Report& report, const Options& options) {
  std::string out;
  const auto findings = standing(report);
  for (const auto* finding : findings) {
    std::string where;
    if (finding->in_file()) {
      const SourceLocation place = shown_at(*finding, options);
      where = fmt::format("file={},line={},", property(printable(place.file)), place.line);
    }
    std::string message = explanation(*finding);
    for (const auto& place : others_shown_at(*finding, options))
      message += fmt::format("\nAlso at {}:{}", place.file, place.line);
    out += fmt::format("::{} {}title={}::{}\n", command(finding->severity), where,
                       property("pgadvise: " + finding->rule), escaped(printable_block(message)));
  }
  if (!report.nothing_checked.empty())
    out += fmt::format("::{} title=pgadvise::{}\n", report.nothing_to_check ? "notice" : "warning",
                       escaped(printable(nothing_checked(report))));
  else out += "pgadvise: " + in_words(count(findings)) + printable(not_read(report)) + "\n";
  if (report.baseline)
    out += fmt::format("pgadvise: {} known, {} gone since the baseline\n", report.baseline->known.size(),
                       report.baseline->gone.size());
  for (const auto& line : gone_lines(report)) out += "pgadvise: gone: " + line + "\n";
  return out;
}

}  // namespace

const Format github_format{"github", "annotations in a GitHub workflow", workflow_commands, true};

}  // namespace pgadvise::report::formats
