// Suppressions that files hold as comments, beside those of the configuration.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "model/results/suppression.h"

namespace pgadvise::check {

struct Suppressions {
  std::vector<Suppression> entries;
  std::set<std::string> files_read;  // whose comments are among the entries
};

// Appends `found`. A comment without a rule, with an unknown rule or without a reason is a diagnostic.
void add_suppressions(std::vector<Suppression> found, Suppressions& suppressions, Diagnostics& diagnostics);

// Appends the suppressions of a file that was not read before. A file that can't be read has none.
void read_comments(const std::string& file, Suppressions& suppressions, Diagnostics& diagnostics,
                   const UserPaths& user_paths);

// The entries that apply on `today` ("2026-11-23"). The others are reported: their findings come back.
std::vector<Suppression> in_force(const std::vector<Suppression>& entries, const std::string& today,
                                  Diagnostics& diagnostics);

// The working folder as the folder of a configuration file sees it, where it lies below: "app/"; else "".
std::string below_config(const std::string& path);

// The day in UTC: "2026-11-23".
std::string today();

}  // namespace pgadvise::check
