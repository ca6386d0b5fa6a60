#include "check/findings/short_id.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace pgadvise::check {

static std::size_t common(const std::string& one, const std::string& other) {
  const auto end = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  return static_cast<std::size_t>(end.first - one.begin());
}

void set_short_ids(const std::vector<Finding*>& findings) {
  constexpr std::size_t fewest = 4;
  std::vector<Finding*> sorted = findings;
  std::ranges::sort(sorted, [](const Finding* one, const Finding* other) {
    return std::pair(one->rule, one->id) < std::pair(other->rule, other->id);
  });
  for (std::size_t at = 0; at < sorted.size(); ++at) {
    std::size_t digits = fewest;
    for (const std::size_t beside : {at - 1, at + 1})
      if (beside < sorted.size() && sorted[beside]->rule == sorted[at]->rule)
        digits = std::max(digits, common(sorted[at]->id, sorted[beside]->id) + 1);
    sorted[at]->short_id = sorted[at]->rule + ":" + sorted[at]->id.substr(0, digits);
  }
}

bool named_by(const Finding& finding, std::string_view text) {
  const auto colon = text.find(':');
  return text.substr(0, colon) == finding.rule &&
         (colon == std::string_view::npos || finding.id.starts_with(text.substr(colon + 1)));
}

}  // namespace pgadvise::check
