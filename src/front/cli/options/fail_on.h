// --fail-on: which findings make the exit code 1.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/results/finding.h"

namespace pgadvise::cli {

struct FailOn {
  std::optional<Severity> severity = Severity::error;  // minimum severity; nullopt: no severity
  bool confirmed = false;                              // only findings that a server confirmed
  std::set<std::string> rules;                         // findings of these rules, of any severity

  // False for a refuted finding. `OneFinding`: a Finding, or a RecordedFinding.
  template <class OneFinding>
  bool matches(const OneFinding& finding) const {
    if (finding.verdict == Verdict::refuted || (confirmed && finding.verdict != Verdict::confirmed))
      return false;
    return rules.contains(finding.rule) || (severity && finding.severity >= *severity);
  }
};

// Parses a severity, "never", "confirmed", and rule ids. If only rules are named, only their findings count.
// Errors (usage): any other word.
Result<FailOn> parse_fail_on(const std::vector<std::string>& words);

}  // namespace pgadvise::cli
