#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "base/write_file.h"

namespace pgadvise::cli {
namespace {

bool standard(const std::string& path) { return path.empty() || path == "-"; }

}  // namespace

Result<void> write_output(const std::string& path, const std::string& content) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error with a line, not a silent death
  if (!standard(path)) return write_file(path, content);
  if (write_all(STDOUT_FILENO, content)) return {};
  return fail(Error::Kind::usage, "standard output", std::string("can't be written: ") + std::strerror(errno));
}

Result<void> keep_inputs(const std::string& path, const std::vector<std::string>& inputs) {
  std::error_code code;
  if (standard(path) || !std::filesystem::is_regular_file(path, code)) return {};
  for (const auto& input : inputs)
    if (std::filesystem::equivalent(path, input, code))
      return fail(Error::Kind::usage, "--output " + path, "is read, too: it would be overwritten", "name another file");
  return {};
}

static bool set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

bool use_colour(const std::string& path) {
  if (set("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (force && *force && std::string_view(force) != "0") return true;
  const char* wanted = std::getenv("CLICOLOR");
  if (wanted && std::string_view(wanted) == "0") return false;
  return standard(path) && ::isatty(STDOUT_FILENO);
}

int output_width(const std::string& path, int otherwise) {
  struct winsize size {};
  if (standard(path) && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::clamp<int>(size.ws_col, 40, 160);
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

}  // namespace pgadvise::cli
