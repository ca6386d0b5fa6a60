#include "report/summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "lint/rule.h"
#include "report/common.h"

namespace pgadvise::report {

std::vector<FirstThing> first_things(const Report& report) {
  constexpr std::size_t shown = 5;
  std::vector<FirstThing> out;
  for (const Finding* finding : standing(report)) {
    const auto known = std::find_if(out.begin(), out.end(), [&](const FirstThing& thing) {
      return thing.finding->rule == finding->rule;
    });
    if (known != out.end()) ++known->more;
    else out.push_back({finding, 0});
  }
  if (out.size() > shown) out.resize(shown);
  return out;
}

std::string in_words(const FirstThing& thing) {
  const Finding& finding = *thing.finding;
  std::string out = subject(finding);
  if (thing.more) out += fmt::format("{}{} more", out.empty() ? "" : " and ", thing.more);
  const auto* rule = lint::find_rule(finding.rule);
  const std::string what = !finding.impact.effect.empty() ? finding.impact.effect
                           : rule                         ? std::string(rule->rule->summary)
                                                          : finding.message;
  return printable(out + (out.empty() ? "" : ": ") + what);
}

}  // namespace pgadvise::report
