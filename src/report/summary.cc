#include "report/summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
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
  std::string effect = finding.impact.effect;
  if (effect.empty() && finding.fix) {
    const Fix& fix = *finding.fix;
    effect =
        fix.sql.empty() || fix.safety == Fix::Safety::manual ? fix.title : replace_all(fix.sql, "\n", " ");
  }
  if (effect.empty()) effect = finding.message;
  out += (out.empty() ? "" : ": ") + effect;
  if (thing.more) {
    if (out.ends_with(';')) out.pop_back();
    out += fmt::format("; {} more of this rule", thing.more);
  }
  return printable(out);
}

}  // namespace pgadvise::report
