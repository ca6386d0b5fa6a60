#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/options/fail_on.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "report/json/stored_report.h"
#include "report/pages/page.h"
#include "reports/report_difference.h"

namespace pgadvise::cli {
namespace {

struct ReportCommand {
  std::vector<std::string> files;
  std::string format;  // "": html of one file, text of two
  std::string output;
  std::vector<std::string> fail_on;
  UserPaths user_paths;
};

constexpr std::size_t max_report = std::size_t{512} << 20;

Result<std::string> read_json(const std::string& file, const ReportCommand& options) {
  return file == "-" ? read_standard_input(max_report) : read_file(file, max_report, options.user_paths);
}

Result<RunRecord> read_run(const std::string& file, const ReportCommand& options) {
  TRY(const auto json, read_json(file, options));
  return report::read_stored_report(file == "-" ? "standard input" : file, json);
}

std::string rendered(const report::ReportDifference& difference, const ReportCommand& options) {
  if (options.format == "html") return report::report_difference_html(difference);
  if (options.format == "json") return report::report_difference_json(difference);
  return report::report_difference_text(difference, look_of(options.output));
}

Result<int> write_page(const ReportCommand& options) {
  const bool other_format = !options.format.empty() && options.format != "html";
  if (other_format || !options.fail_on.empty())
    return fail(Error::Kind::usage, other_format ? "--format " + options.format : "--fail-on",
                "needs two reports to compare", "pgadvise report A.json B.json");
  TRY_VOID(report::need_page());
  const std::string& file = options.files.front();
  TRY(const auto json, read_json(file, options));
  TRY(const auto page, report::html_of_stored(file, json));
  TRY_VOID(write_output(options.output, page, "html"));
  return exit_clean;
}

Result<int> compare(const ReportCommand& options) {
  TRY(auto fail_on, parse_fail_on(options.fail_on));
  if (options.format == "html") TRY_VOID(report::need_page());
  TRY(auto before, read_run(options.files[0], options));
  TRY(auto after, read_run(options.files[1], options));
  const auto difference = report::difference(std::move(before), std::move(after));
  TRY_VOID(write_output(options.output, rendered(difference, options),
                        "difference, " + (options.format.empty() ? "text" : options.format)));
  const bool fails = !options.fail_on.empty() && std::ranges::any_of(difference.fresh, [&](const auto& one) {
    return fail_on.matches(one.finding);
  });
  return fails ? exit_findings : exit_clean;
}

Result<int> run(const ReportCommand& options) {
  return options.files.size() == 2 ? compare(options) : write_page(options);
}

}  // namespace

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<ReportCommand>();
  options->user_paths = user_paths;
  auto* command = app.add_subcommand(
      "report", "Compare two stored reports of check, or make an HTML report from a stored JSON report");
  command
      ->add_option(
          "FILE", options->files,
          "Two reports that check wrote with --format json, the earlier one first; or one that check, "
          "digest, advise, explain, history or report wrote; - is standard input")
      ->required()
      ->expected(1, 2);
  command
      ->add_option("--format", options->format,
                   "html; text or json for two reports (default: html for one report, text for two)")
      ->check(CLI::IsMember({"html", "text", "json"}));
  command
      ->add_option("--fail-on", options->fail_on,
                   "Of two reports: new findings that make the exit code 1, in the words of check "
                   "--fail-on: error, warning, note, confirmed, ids of rules. Default: none")
      ->type_name("WORDS");
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer(
      "A finding counts as fixed only if the later run applied its rule and read the input in which the "
      "earlier run found it.\nExit codes: 0 success, 1 new findings of --fail-on, 2 wrong usage, or a file "
      "that can't be read or written.");
  command->callback([options, &exit_code] { exit_code = exit_code_of(run(*options)); });
}

}  // namespace pgadvise::cli
