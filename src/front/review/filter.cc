#include "review/filter.h"

#include <algorithm>

#include "base/text/text.h"
#include "report/common.h"

namespace pgadvise::review {

Filter::Filter(std::string_view text) : text_(trim(text)) {
  for (const auto word : split(text_, ' '))
    if (!trim(word).empty()) words_.push_back(lower(trim(word)));
}

bool Filter::matches(const Finding& finding) const {
  if (words_.empty()) return true;
  const std::string table =
      finding.subject.table.empty() ? "" : finding.subject.schema + "." + finding.subject.table;
  const std::string text =
      lower(join({finding.rule, std::string(name(finding.severity)),
                  std::string(report::in_words(finding.verdict)), table, finding.short_id,
                  finding.location ? finding.location->str() : "", report::without_secrets(finding).message},
                 "\n"));
  return std::ranges::all_of(words_, [&](const std::string& word) { return contains(text, word); });
}

bool has_id(const Finding& finding, std::string_view text) {
  constexpr std::size_t least = 4;
  return finding.short_id == text || (text.size() >= least && finding.id.starts_with(text)) ||
         (text.size() > finding.rule.size() + least && text.starts_with(finding.rule + ":") &&
          finding.id.starts_with(text.substr(finding.rule.size() + 1)));
}

}  // namespace pgadvise::review
