#include "cli/report.h"

#include <memory>
#include <string>
#include <vector>

#include "cli/messages.h"
#include "cli/output.h"
#include "report/page.h"
#include "report/report_difference.h"
#include "report/stored_report.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string format;  // "": html of one file, text of two
  std::string output;
  UserPaths user_paths;
};

constexpr std::size_t max_report = std::size_t{512} << 20;

Result<std::string> read_json(const std::string& file, const Options& options) {
  return file == "-" ? read_standard_input(max_report) : read_file(file, max_report, options.user_paths);
}

Result<RunRecord> read_run(const std::string& file, const Options& options) {
  const auto json = read_json(file, options);
  if (!json) return tl::unexpected(json.error());
  return report::read_stored_report(file == "-" ? "standard input" : file, *json);
}

Result<void> write_page(const Options& options) {
  if (!options.format.empty() && options.format != "html")
    return fail(Error::Kind::usage, "--format " + options.format, "needs two reports to compare",
                "pgadvise report A.json B.json");
  if (const auto built = report::need_page(); !built) return built;
  const std::string& file = options.files.front();
  const auto json = read_json(file, options);
  if (!json) return tl::unexpected(json.error());
  const auto page = report::html_of_stored(file, *json);
  if (!page) return tl::unexpected(page.error());
  if (const auto wrote = write_output(options.output, *page); !wrote) return wrote;
  report_written(options.output, "html");
  return {};
}

Result<void> compare(const Options& options) {
  if (options.format == "html")
    return fail(Error::Kind::usage, "--format html", "shows one report, and two are named",
                "name one of them, or use --format text or json");
  auto before = read_run(options.files[0], options);
  if (!before) return tl::unexpected(before.error());
  auto after = read_run(options.files[1], options);
  if (!after) return tl::unexpected(after.error());
  const auto difference = report::difference(std::move(*before), std::move(*after));
  const bool json = options.format == "json";
  const report::Look look{use_color(options.output), use_unicode(), output_width(options.output, 80)};
  const auto wrote = write_output(options.output, json ? report::report_difference_json(difference)
                                                       : report::report_difference_text(difference, look));
  if (!wrote) return wrote;
  report_written(options.output, json ? "difference, json" : "difference, text");
  return {};
}

}  // namespace

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<Options>();
  options->user_paths = user_paths;
  auto* command = app.add_subcommand(
      "report", "Compare two stored reports of check, or make an HTML report from a stored JSON report");
  command
      ->add_option(
          "FILE", options->files,
          "Two reports that check wrote with --format json, the earlier one first; or one that check, "
          "digest, advise, explain or history wrote; - is standard input")
      ->required()
      ->expected(1, 2);
  command
      ->add_option("--format", options->format,
                   "html for one report; text or json for two (default: html for one, text for two)")
      ->check(CLI::IsMember({"html", "text", "json"}));
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer(
      "A finding counts as fixed only if the later run applied its rule and read the input in which the "
      "earlier run found it.\nExit codes: 0 success, 2 wrong usage, or a file that can't be read or "
      "written.");
  command->callback([options, &exit_code] {
    const auto done = options->files.size() == 1 ? write_page(*options) : compare(*options);
    if (!done) {
      complain(done.error());
      exit_code = exit_usage;
    }
  });
}

}  // namespace pgadvise::cli
