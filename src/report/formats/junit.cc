// JUnit XML as Jenkins and GitLab read it: a suite for each rule, a failed case for each finding, a passed
// one where a rule found nothing.
#include <map>

#include <fmt/format.h>

#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/text/markdown_text.h"

namespace pgadvise::report::formats {
namespace {

// XML 1.0 takes no control characters, written out or not: printable_block() has none left but tabs and line
// ends.
std::string xml(const std::string& text) {
  return replace_all(replace_all(markup_text(printable_block(text)), "\n", "&#10;"), "\t", "&#9;");
}

std::string test_case(const Finding& finding, const Options& options) {
  std::string about = subject(finding);
  if (about.empty()) about = finding.id;
  const SourceLocation place = shown_at(finding, options);
  const bool in_file = finding.in_file();
  const std::string where = in_file ? fmt::format("{}:{}\n", place.file, place.line) : std::string();
  return fmt::format(
      "  <testcase classname=\"pgadvise.{}\" name=\"{}\">\n   <failure type=\"{}\" "
      "message=\"{}\">{}</failure>\n  </testcase>\n",
      xml(finding.rule), xml(about), name(finding.severity), xml(finding.message),
      xml(where + explanation(finding)));
}

std::string junit_xml(const Report& report, const Options& options) {
  std::map<std::string, std::vector<const Finding*>> by_rule;
  for (const auto& rule : report.rules_run) by_rule[rule];
  const auto findings = standing(report);
  for (const auto* finding : findings) by_rule[finding->rule].push_back(finding);
  const bool nothing = !report.nothing_checked.empty();
  const std::size_t errors = nothing && !report.nothing_to_check ? 1 : 0;
  std::size_t tests = report.skipped.size() + (nothing ? 1 : 0);
  std::string suites;
  if (nothing)
    suites = fmt::format(
        " <testsuite name=\"inputs\" tests=\"1\" failures=\"0\" errors=\"{}\" skipped=\"{}\">\n"
        "  <testcase classname=\"pgadvise.inputs\" name=\"inputs\">\n"
        "   <{} message=\"{}\"/>\n  </testcase>\n </testsuite>\n",
        errors, 1 - errors, errors ? "error" : "skipped", xml(nothing_checked(report)));
  for (const auto& [rule, found] : by_rule) {
    const std::size_t cases = std::max<std::size_t>(1, found.size());
    tests += cases;
    suites +=
        fmt::format(" <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n",
                    xml(rule), cases, found.size());
    for (const auto* finding : found) suites += test_case(*finding, options);
    if (found.empty())
      suites += fmt::format("  <testcase classname=\"pgadvise.{0}\" name=\"{0}\"/>\n", xml(rule));
    suites += " </testsuite>\n";
  }
  for (const auto& skipped : report.skipped)
    suites += fmt::format(
        " <testsuite name=\"{0}\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">\n  <testcase "
        "classname=\"pgadvise.{0}\" name=\"{0}\">\n"
        "   <skipped message=\"{1}\"/>\n  </testcase>\n </testsuite>\n",
        xml(skipped.rule), xml(skipped.reason));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pgadvise\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\">\n{}</testsuites>\n",
      tests, findings.size(), errors, suites);
}

}  // namespace

const Format junit_format{"junit", "JUnit XML: a suite for each rule", junit_xml};

}  // namespace pgadvise::report::formats
