// The page of one finding: message, source, evidence, fix, reason of the rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/text/paint.h"
#include "review/host.h"

namespace pgadvise::review {

// `plan`: as it was asked for last; nullopt: not asked for.
std::vector<std::string> finding_page(const Finding& finding, const FixView& fix,
                                      const std::optional<report::Source>& source,
                                      const std::optional<std::string>& plan, const Look& look);

// The heading of a part of a page, after an empty line.
void add_title(std::vector<std::string>& out, const Look& look, std::string_view text);

}  // namespace pgadvise::review
