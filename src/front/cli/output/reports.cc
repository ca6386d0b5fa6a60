#include "cli/output/reports.h"

#include <filesystem>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "cli/output/output.h"
#include "cli/process/verbosity.h"
#include "report/pages/page.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

// However it is spelled, and also by way of links.
bool same_file(const std::string& one, const std::string& other) {
  std::error_code code;
  if (one == other) return true;
  const auto a = fs::weakly_canonical(one, code), b = fs::weakly_canonical(other, code);
  return !one.empty() && !other.empty() && (a == b || fs::equivalent(a, b, code)) &&
         !fs::is_character_file(a, code);
}

Result<void> unlike(const std::vector<WantedReport>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_file(wanted[i].path, wanted[j].path)) continue;
      if (wanted[i].path.empty())
        return fail(Error::Kind::usage, "--format", "standard output can't take two reports",
                    "--format " + wanted[j].format + " -o FILE");
      return fail(Error::Kind::usage, "--output " + wanted[i].path, "one file can't take two reports",
                  "name another file");
    }
  return {};
}

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> out;
  for (const auto* format : report::all_formats()) out.emplace_back(format->name);
  return out;
}

Result<std::vector<WantedReport>> wanted_reports(const CLI::App& command, const std::string& format_option,
                                                 const std::string& output_option) {
  const auto* formats = command.get_option(format_option);
  const auto* outputs = command.get_option(output_option);
  std::map<const CLI::Option*, std::size_t> taken;
  std::vector<WantedReport> out;
  std::string early;  // a file in front of the first format
  for (const CLI::Option* option : command.parse_order()) {
    if (option != formats && option != outputs) continue;
    const std::string value = option->results().at(taken[option]++);
    if (option == formats) {
      if (!report::find_format(value)) {
        const std::string near = nearest(value, format_names());
        return fail(Error::Kind::usage, "--format", "unknown format " + ellipsis(value, 40),
                    near.empty() ? join(format_names(), ", ") : near);
      }
      if (value == "html") TRY_VOID(report::need_page());
      out.push_back({value, std::exchange(early, {})});
    } else if (out.empty() && early.empty()) {
      early = value;
    } else if (!out.empty() && out.back().path.empty()) {
      out.back().path = value;
    } else {
      return fail(Error::Kind::usage, "--output " + value, "no --format belongs to it",
                  "--format " + join(format_names(), "|") + " -o FILE");
    }
  }
  if (out.empty()) out.push_back({"text", early});
  TRY_VOID(unlike(out));
  return out;
}

// Rules' pages are where the build says, or beside the program as the package has them.
static std::string rules_url(const std::string& host) {
  if (const std::string_view published = PGADVISE_RULES_URL; !published.empty())
    return std::string(published) + (published.ends_with('/') ? "" : "/");
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  const fs::path pages = program.parent_path().parent_path() / "share/doc/pgadvise/docs/rules";
  return !code && fs::is_directory(pages, code) ? report::file_url(host, pages.generic_string(), 0) + "/"
                                                : std::string();
}

void set_style(report::Options& options) {
  options.quiet = verbosity().quiet;
  options.verbose = verbosity().verbose;
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) options.host = host;
  options.rules_url = rules_url(options.host);
}

Result<void> write_reports(const Report& found, const std::vector<WantedReport>& wanted,
                           report::Options options) {
  Result<void> out;
  const Report report = report::without_secrets(found);
  set_style(options);
  const bool all = options.all;
  for (const auto& one : wanted) {
    options.all = all || !one.path.empty();
    options.color = use_color(one.path);
    options.links = use_links(one.path);
    options.warnings_printed = one.path.empty();
    options.width = output_width(one.path);
    const auto wrote =
        write_output(one.path, report::render(one.format, report, options), CiCommands::of_the_format);
    if (!wrote && out) out = wrote;
    if (wrote) report_written(one.path, counted(report.findings.size(), "finding") + ", " + one.format);
  }
  return out;
}

}  // namespace pgadvise::cli
