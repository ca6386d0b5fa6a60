// `*` and `?` in the paths of a configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::check {

struct PatternBounds {
  std::size_t matches = 10'000;
  std::size_t entries = 200'000;  // files and folders that are looked at
  std::chrono::milliseconds time{10'000};
};

// The files and folders that a path with `*` and `?` names, sorted; neither stands for "/" or for a "." at
// the beginning of a name. A path without them, one that is there as it is written, and one that matches
// nothing, as it is. Folders of /proc and /sys are passed over. Errors (usage): a bound was reached.
Result<std::vector<std::string>> expand_pattern(const std::string& path, const PatternBounds& bounds = {});

}  // namespace pgadvise::check
