// --fail-on: which findings make the exit code 1.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/finding.h"

namespace pgadvise::cli {

struct FailOn {
  std::optional<Severity> severity = Severity::error;  // from which on; nullopt: by severity none
  bool confirmed = false;                              // only what a database confirmed
  std::set<std::string> rules;                         // of any severity

  bool meets(const Finding& finding) const;  // never of what was refuted
};

// Words: a severity, "never", "confirmed", rules' ids. Rules alone: those and no others. Errors (usage):
// another word.
Result<FailOn> parse_fail_on(const std::vector<std::string>& words);

}  // namespace pgadvise::cli
