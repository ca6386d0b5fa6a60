// The documentation of a rule: Markdown for docs/rules/ and SARIF's help, lines for `pgadvise rules explain`
// and review.
#pragma once

#include <string>
#include <vector>

#include "lint/run/rule.h"
#include "report/text/paint.h"

namespace pgadvise::report {

std::string rule_page(const lint::RegisteredRule& rule);
// At most as wide as the look's width.
std::vector<std::string> rule_lines(const lint::RegisteredRule& rule, const Look& look);

// docs/rules/README.md: a table of the rules for each category, with links to their pages.
std::string rule_index();

}  // namespace pgadvise::report
