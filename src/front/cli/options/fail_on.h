// --fail-on: which findings make the exit code 1.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/results/finding.h"
#include "model/results/run_record.h"

namespace pgadvise::cli {

struct FailOn {
  std::optional<Severity> severity = Severity::error;  // minimum severity; nullopt: no severity
  bool confirmed = false;                              // only findings that a server confirmed
  std::set<std::string> rules;                         // findings of these rules, of any severity

  bool matches(const Finding& finding) const;  // false for a refuted finding
  bool matches(const RecordedFinding& finding) const;

 private:
  bool matches(Severity of, Verdict verdict, const std::string& rule) const;
};

// Parses a severity, "never", "confirmed", and rule ids. If only rules are named, only their findings count.
// Errors (usage): any other word.
Result<FailOn> parse_fail_on(const std::vector<std::string>& words);

}  // namespace pgadvise::cli
