#include "cli/plan_options.h"

#include <fmt/format.h>

namespace pgadvise::cli {

void add_acting_options(CLI::App& command, pg::SessionSettings& session_settings) {
  command
      .add_option("--role", session_settings.role,
                  "Plan as this role, for row-level security and search_path to be the application's; the "
                  "connection's user must be a member of it")
      ->check([](const std::string& name) {
        return name.empty() || name == "none" ? std::string("names no role") : std::string();
      });
  command.add_option("--search-path", session_settings.search_path,
                     "search_path to plan statements with, as SET takes it; default: the role's setting, "
                     "else the session's");
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
                  "Seconds that all EXPLAIN ANALYZE together may take; statements after that are planned "
                  "only; 0: none is analyzed")
      ->check(seconds_between(0, 86400))
      ->capture_default_str();
}

}  // namespace pgadvise::cli
