// Expands `*` and `?` in the paths of a configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/config/config.h"

namespace pgadvise::check {

struct PatternBounds {
  std::size_t matches = 10'000;
  std::size_t entries = 200'000;  // files and folders visited
  std::chrono::milliseconds time{10'000};
};

// The files and folders that match `path`, sorted. Neither `*` nor `?` matches "/", or a "." at the beginning
// of a name. Returns `path` itself if it has no wildcards, exists literally, or matches nothing. Skips /proc
// and /sys. Several patterns share the bounds: `used` holds what the patterns before this one used, and gets
// what this one uses. Errors (usage): a bound was exceeded.
Result<std::vector<std::string>> expand_pattern(const std::string& path, const PatternBounds& bounds,
                                                PatternBounds& used);

inline constexpr PatternBounds nothing_used{0, 0, std::chrono::milliseconds(0)};

// Expands `*` and `?` in all paths of a configuration's inputs, which share the bounds. Leaves out, and
// reports with their location as Error::Kind::usage: a pattern that exceeds a bound, a file that no
// repository may name (base/input_file.h: a pipe, a device), and a path that leaves the inputs' boundary, or
// a folder of logs with a link that leaves it.
std::vector<std::string> expand(const std::vector<std::string>& paths, const ConfiguredInputs& inputs,
                                Diagnostics& diagnostics);

}  // namespace pgadvise::check
