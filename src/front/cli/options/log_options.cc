#include "cli/options/log_options.h"

#include <functional>
#include <set>
#include <vector>

#include <CLI/CLI.hpp>

namespace pgadvise::cli {
namespace {

void add_names(CLI::App& command, const char* option, const char* description,
               std::set<std::string, std::less<>>& names) {
  command.add_option_function<std::vector<std::string>>(
      option,
      [&names](const std::vector<std::string>& values) { names.insert(values.begin(), values.end()); },
      description);
}

void add_moment(CLI::App& command, const char* option, const char* description, std::int64_t& moment) {
  command.add_option_function<std::string>(
      option,
      [&moment, option](const std::string& text) {
        const auto parsed = log::parse_moment(text);
        if (!parsed) throw CLI::ValidationError(option, parsed.error().line());
        moment = *parsed;
      },
      description);
}

}  // namespace

void add_log_options(CLI::App& command, std::string& line_prefix, log::Selection& selection) {
  command.add_option("--log-line-prefix", line_prefix,
                     "The server's log_line_prefix, if pgadvise does not detect it");
  add_names(command, "--app", "Read only the log records of this application_name (repeatable)",
            selection.applications);
  add_names(command, "--user", "Read only the log records of this user (repeatable)", selection.users);
  add_names(command, "--database", "Read only the log records of this database (repeatable)",
            selection.databases);
  add_moment(command, "--from",
             "Read only the log records from this time on: 2026-03-01 10:00, in UTC unless it "
             "has a zone",
             selection.from);
  add_moment(command, "--to", "Read only the log records before this time", selection.until);
}

}  // namespace pgadvise::cli
