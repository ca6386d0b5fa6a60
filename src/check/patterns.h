// Expands `*` and `?` in the paths of a configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/config.h"

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

// The same for one of several patterns that share their bounds: `used` holds what those before it used, and
// gets what this one uses. The same struct, since each bound has its use.
Result<std::vector<std::string>> expand_pattern(const std::string& path, const PatternBounds& bounds,
                                                PatternBounds& used);

inline constexpr PatternBounds nothing_used{0, 0, std::chrono::milliseconds(0)};

// Names for `*` and `?` in paths of these inputs, which share their bounds. Left out, with
// an Error::Kind::usage at its place: what is of no kind that a repository may name (base/input_file.h), a
// pattern that reaches a bound, a file or folder that leaves the inputs' boundary, and a folder of logs with
// a link that does.
std::vector<std::string> expand(const std::vector<std::string>& paths, const ConfiguredInputs& inputs,
                                Diagnostics& diagnostics);

}  // namespace pgadvise::check
