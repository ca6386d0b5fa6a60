#include "cli/options/fail_on.h"

#include "base/text/text.h"
#include "check/config/config_rules.h"
#include "lint/run/rule.h"

namespace pgadvise::cli {

Result<FailOn> parse_fail_on(const std::vector<std::string>& words) {
  static const std::vector<std::string> words_of_severity{"error", "warning", "note", "never", "confirmed"};
  FailOn out;
  bool severity_named = false;
  for (const auto& list : words)
    for (const auto part : split(list, ',')) {
      const std::string word(trim(part));
      if (word == "error" || word == "warning" || word == "note" || word == "never") {
        if (severity_named)
          return fail(Error::Kind::usage, "--fail-on", "names two severities", "name the lower one only");
        severity_named = true;
        if (word == "never") out.severity.reset();
        else
          out.severity = word == "error"     ? Severity::error
                         : word == "warning" ? Severity::warning
                                             : Severity::note;
      } else if (word == "confirmed") {
        out.confirmed = true;
      } else if (lint::find_rule(word)) {
        out.rules.insert(word);
      } else {
        const std::string near = nearest(word, words_of_severity);
        return fail(Error::Kind::usage, "--fail-on",
                    word.empty() ? "names nothing" : "unknown severity or rule " + ellipsis(word, 60),
                    !near.empty()
                        ? near
                        : join(words_of_severity, ", ") + ", or a rule: " + check::unknown_rule_hint(word));
      }
    }
  if (!severity_named && !out.rules.empty()) out.severity.reset();
  return out;
}

}  // namespace pgadvise::cli
