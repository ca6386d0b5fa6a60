#include "cli/report.h"

#include <memory>
#include <string>
#include <vector>

#include "cli/messages.h"
#include "cli/output.h"
#include "report/report_difference.h"
#include "report/stored_report.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string format = "text";
  std::string output;
  UserPaths user_paths;
};

constexpr std::size_t max_report = std::size_t{512} << 20;

Result<RunRecord> read(const std::string& file, const Options& options) {
  const auto json =
      file == "-" ? read_standard_input(max_report) : read_file(file, max_report, options.user_paths);
  if (!json) return tl::unexpected(json.error());
  return report::read_stored_report(file == "-" ? "standard input" : file, *json);
}

Result<void> compare(const Options& options) {
  auto before = read(options.files[0], options);
  if (!before) return tl::unexpected(before.error());
  auto after = read(options.files[1], options);
  if (!after) return tl::unexpected(after.error());
  const auto difference = report::difference(std::move(*before), std::move(*after));
  const report::Look look{use_color(options.output), use_unicode(), output_width(options.output, 80)};
  const auto wrote = write_output(options.output, options.format == "json"
                                                      ? report::report_difference_json(difference)
                                                      : report::report_difference_text(difference, look));
  if (!wrote) return wrote;
  report_written(options.output, "difference, " + options.format);
  return {};
}

}  // namespace

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<Options>();
  options->user_paths = user_paths;
  auto* command = app.add_subcommand(
      "report", "Compare two stored reports of check: new, fixed, recurring and changed findings");
  command
      ->add_option("FILE", options->files,
                   "Two reports that check wrote with --format json, the earlier one first; one of them may "
                   "be -, standard input")
      ->required()
      ->expected(2);
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer(
      "A finding counts as fixed only if the later run applied its rule and read the input in which the "
      "earlier "
      "run found it.\nExit codes: 0 success, 2 wrong usage, or a file that can't be read or written.");
  command->callback([options, &exit_code] {
    if (const auto done = compare(*options); !done) {
      complain(done.error());
      exit_code = exit_usage;
    }
  });
}

}  // namespace pgadvise::cli
