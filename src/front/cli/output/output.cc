#include "cli/output/output.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/files/write_file.h"
#include "base/process/environment.h"
#include "base/text/ci_commands.h"
#include "base/text/text.h"
#include "cli/output/messages.h"
#include "cli/process/verbosity.h"

namespace pgadvise::cli {
namespace {

bool standard(const std::string& path) { return path.empty() || path == "-"; }

}  // namespace

Result<void> write_output(const std::string& path, const std::string& content, CiCommands commands) {
  if (commands == CiCommands::broken)
    return write_output(path, without_ci_commands(content), CiCommands::of_the_format);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error with a line, not a silent death
  if (!standard(path)) return write_file(path, content);
  if (write_all(STDOUT_FILENO, content)) return {};
  return fail(Error::Kind::usage, "standard output", std::string("can't be written: ") + std::strerror(errno),
              "use -o FILE to write to a file");
}

Result<void> write_output(const std::string& path, const std::string& content, std::string_view what) {
  TRY_VOID(write_output(path, content));
  report_written(path, what);
  return {};
}

int print_output(const std::string& text) {
  const auto wrote = write_output({}, text);
  return wrote ? exit_clean : usage_error(wrote.error());
}

void report_written(const std::string& path, std::string_view what) {
  if (standard(path) || verbosity().quiet) return;
  std::fprintf(stderr, "pgadvise: wrote %s (%.*s)\n", printable(path).c_str(), static_cast<int>(what.size()),
               what.data());
}

static bool set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

bool use_color(const std::string& path) {
  if (verbosity().color != "auto") return verbosity().color == "always";
  if (set("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (force && *force && std::string_view(force) != "0") return true;
  const char* wanted = std::getenv("CLICOLOR");
  if (wanted && std::string_view(wanted) == "0") return false;
  return standard(path) && ::isatty(STDOUT_FILENO);
}

// Terminals say nothing of it by themselves: these are known by what they set.
static bool terminal_has_links() {
  if (environment_variable("TERM") == "dumb" || environment_variable("TERM") == "linux" ||
      (environment_variable("TERM").starts_with("screen") && !set("TMUX")))
    return false;
  const std::string program = environment_variable("TERM_PROGRAM");
  for (const char* known : {"iTerm.app", "WezTerm", "vscode", "ghostty"})
    if (program == known) return true;
  for (const char* name : {"KONSOLE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "DOMTERM"})
    if (set(name)) return true;
  return std::atoi(environment_variable("VTE_VERSION").c_str()) >= 5000;
}

bool use_links(const std::string& path) {
  if (!standard(path) || ::isatty(STDOUT_FILENO) != 1 || verbosity().color == "never") return false;
  if (const auto force = environment_variable("FORCE_HYPERLINK"); !force.empty()) return force != "0";
  return (!set("NO_COLOR") || verbosity().color == "always") && terminal_has_links();
}

int output_width(const std::string& path, int otherwise) {
  constexpr int narrowest = 40;
  constexpr int widest = 160;
  if (!standard(path)) return otherwise;
  if (const int wanted = std::atoi(environment_variable("COLUMNS").c_str()); wanted > 0)
    return std::clamp(wanted, narrowest, widest);
  struct winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::clamp<int>(size.ws_col, narrowest, widest);
  return otherwise;
}

bool use_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (set(name)) {
      const std::string value = lower(std::getenv(name));
      return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
  return false;
}

report::Look look_of(const std::string& path) {
  return {use_color(path), use_unicode(), output_width(path, 80)};
}

}  // namespace pgadvise::cli
