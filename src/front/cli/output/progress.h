// Shows the progress of long work on the terminal of stderr.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "log/reader.h"

namespace pgadvise::cli {

// One line of stderr. Appears after the first second, is overwritten by each show() that comes at least 200
// ms after the last one, and is removed by the destructor. Shows nothing unless wanted().
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Whether stderr is a terminal, and neither --quiet nor --debug is given.
  bool wanted() const { return wanted_; }
  void show(const log::Progress& progress);
  void show(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

// "1.2 of 40.0 GB, 510 MB/s, 1 min 16 s left"
std::string progress_text(const log::Progress& progress, double seconds);

}  // namespace pgadvise::cli
