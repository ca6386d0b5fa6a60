// The baseline, .pgadvise-baseline.json: findings that a project accepts, so that reports contain only new
// ones.
#pragma once

#include <functional>
#include <string>

#include "base/files/input_file.h"
#include "base/files/repository_path.h"
#include "base/result.h"
#include "model/results/report.h"

namespace pgadvise::check {

// Whether this run checked the place of a baseline entry: the rule ran, and read `file` (path in the
// repository; "" for an entry without a file).
using LookedAt = std::function<bool(const std::string& rule, const std::string& file)>;

// Moves the findings that the baseline at `path` lists from the report's findings to report.baseline->known,
// and lists entries that were not found again as gone. Entries for which `looked_at` is false stay untouched.
// Errors (usage): the file is missing, or is not a baseline.
Result<void> apply_baseline(const std::string& path, Report& report, const LookedAt& looked_at,
                            const UserPaths& user_paths = {});

// Writes the report's findings to `path`, sorted, and keeps the entries for which `looked_at` is false.
// Creates a missing file. Afterwards the report has no new findings. Errors (usage): the file exists and is
// not a baseline; it cannot be written.
Result<void> update_baseline(const std::string& path, Report& report, const RepositoryPaths& paths,
                             const LookedAt& looked_at, const UserPaths& user_paths = {});

}  // namespace pgadvise::check
