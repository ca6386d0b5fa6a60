#include "cli/output/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/process/verbosity.h"

namespace pgadvise::cli {

using namespace std::chrono_literals;

ProgressLine::ProgressLine()
    : wanted_(::isatty(STDERR_FILENO) == 1 && !verbosity().quiet && !verbosity().debug), next_(start_ + 1s) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::show(const log::Progress& progress) {
  if (wanted_ && Clock::now() >= next_)
    show(progress_text(progress, std::chrono::duration<double>(Clock::now() - start_).count()));
}

void ProgressLine::show(std::string_view text) {
  const auto now = Clock::now();
  if (!wanted_ || now < next_) return;
  next_ = now + 200ms;
  shown_ = true;
  std::fprintf(stderr, "\r%.*s\x1b[K", static_cast<int>(text.size()), text.data());
  std::fflush(stderr);
}

static std::string size(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes / 1e6) : fmt::format("{:.1f} GB", bytes / 1e9);
}

std::string progress_text(const log::Progress& progress, double seconds) {
  const auto bytes = static_cast<double>(progress.bytes);
  const double rate = seconds > 0 ? bytes / seconds : 0;
  std::string out = "pgadvise: read " + size(bytes);
  if (progress.total) out += " of " + size(static_cast<double>(progress.total));
  out += fmt::format(", {:.0f} MB/s", rate / 1e6);
  if (!progress.total || rate <= 0) return out;
  const double left = std::max(0.0, (static_cast<double>(progress.total) - bytes) / rate);
  return out + (left < 59.5 ? fmt::format(", {:.0f} s left", left)
                            : fmt::format(", {:.0f} min {:02.0f} s left", std::floor(left / 60),
                                          std::fmod(left, 60)));
}

}  // namespace pgadvise::cli
