#include "cli/options/plan_options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace pgadvise::cli {

void add_acting_options(CLI::App& command, pg::SessionSettings& session_settings) {
  command
      .add_option("--role", session_settings.role,
                  "Plan statements as this role, with its row-level security policies and search_path. The "
                  "connection's user must be a member of the role")
      ->check([](const std::string& name) {
        return name.empty() || name == "none" ? std::string("is empty: name a role") : std::string();
      });
  command.add_option("--search-path", session_settings.search_path,
                     "search_path for planning statements, in the syntax of SET; default: the role's "
                     "setting, else the session's");
}

CLI::Validator seconds_between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double number = 0;
        const bool read = CLI::detail::lexical_cast(text, number);
        return read && number >= least && number <= most
                   ? std::string()
                   : fmt::format("Value {} not in range {} to {}", text, least, most);
      },
      fmt::format("{} to {}", least, most));
}

void add_analyze_time(CLI::App& command, double& seconds) {
  command
      .add_option("--max-analyze-time", seconds,
                  "Time limit in seconds for all EXPLAIN ANALYZE together; the remaining statements are "
                  "planned without being run. 0: run no statement")
      ->check(seconds_between(0, max_seconds))
      ->capture_default_str();
}

}  // namespace pgadvise::cli
