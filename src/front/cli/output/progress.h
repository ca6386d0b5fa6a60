// How far the work is, on a terminal's stderr.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "log/reader.h"

namespace pgadvise::cli {

// One line that is written over, from the first second on, and removed at the end.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool wanted() const {
    return wanted_;
  }  // stderr is a terminal, without --quiet and without --debug's lines
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
