// .pgadvise-baseline.json: the findings that a project lives with, so that only new ones are told.
#pragma once

#include <functional>
#include <string>

#include "base/input_file.h"
#include "base/repository_path.h"
#include "base/result.h"
#include "model/report.h"

namespace pgadvise::check {

// Did this run look where an entry's finding was: `rule`, and the file of it ("" for none) as the repository
// knows it?
using LookedAt = std::function<bool(const std::string& rule, const std::string& file)>;

// Takes out of the report what the file knows, and names there what is gone: not found, though it was looked
// for. Errors (usage): the file is missing (--update-baseline makes it) or is no baseline.
Result<void> apply_baseline(const std::string& path, Report& report, const LookedAt& looked_at,
                            const UserPaths& user_paths = {});

// Writes what is found, and what was not looked for and stood there before, sorted; the report then has
// nothing new. A missing file is made. Errors (usage): is no baseline; can't be written.
Result<void> update_baseline(const std::string& path, Report& report, const RepositoryPaths& paths,
                             const LookedAt& looked_at, const UserPaths& user_paths = {});

}  // namespace pgadvise::check
