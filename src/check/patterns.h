// Expands `*` and `?` in the paths of a configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::check {

struct PatternBounds {
  std::size_t matches = 10'000;
  std::size_t entries = 200'000;  // files and folders visited
  std::chrono::milliseconds time{10'000};
};

// The files and folders that match `path`, sorted. Neither `*` nor `?` matches "/", or a "." at the beginning
// of a name. Returns `path` itself if it has no wildcards, exists literally, or matches nothing. Skips /proc
// and /sys. Errors (usage): a bound was exceeded.
Result<std::vector<std::string>> expand_pattern(const std::string& path, const PatternBounds& bounds = {});

}  // namespace pgadvise::check
