#include "cli/report.h"

#include <memory>
#include <string>

#include "cli/messages.h"
#include "cli/output.h"
#include "report/page.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::string file;
  std::string format = "html";
  std::string output;
  UserPaths user_paths;
};

Result<void> run(const Options& options) {
  constexpr std::size_t most = std::size_t{512} << 20;
  if (const auto built = report::need_page(); !built) return built;
  const auto json =
      options.file == "-" ? read_standard_input(most) : read_file(options.file, most, options.user_paths);
  if (!json) return tl::unexpected(json.error());
  const auto page = report::html_of_stored(options.file, *json);
  if (!page) return tl::unexpected(page.error());
  if (const auto wrote = write_output(options.output, *page); !wrote) return wrote;
  report_written(options.output, options.format);
  return {};
}

}  // namespace

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<Options>();
  options->user_paths = user_paths;
  auto* command = app.add_subcommand("report", "Make an HTML report from a stored JSON report");
  command
      ->add_option("FILE", options->file,
                   "What check, digest, advise or explain wrote with --format json; - is standard input")
      ->required();
  command->add_option("--format", options->format, "html: one file that needs no network")
      ->check(CLI::IsMember({"html"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "File to write the page to");
  command->callback([options, &exit_code] {
    if (const auto done = run(*options); !done) {
      complain(done.error());
      exit_code = exit_usage;
    }
  });
}

}  // namespace pgadvise::cli
