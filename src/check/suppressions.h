// Suppressions that files hold as comments, beside those of the configuration.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "base/result.h"
#include "model/suppression.h"

namespace pgadvise::check {

// Appends `found`. A comment without a rule, with an unknown rule or without a reason is a diagnostic.
void add_suppressions(std::vector<Suppression> found, std::vector<Suppression>& suppressions,
                      Diagnostics& diagnostics);

// Appends the suppressions of a file, unless `files_read` holds it. A file that can't be read has none.
void read_comments(const std::string& file, std::vector<Suppression>& suppressions,
                   std::set<std::string>& files_read, Diagnostics& diagnostics, const UserPaths& user_paths);

}  // namespace pgadvise::check
