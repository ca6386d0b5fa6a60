// A rule's documentation as Markdown: for `pgadvise rules explain`, docs/rules/ and (later) SARIF's help.
#pragma once

#include <string>

#include "lint/rule.h"

namespace pgadvise::report {

std::string rule_page(const lint::RegisteredRule& rule);

// The README's table of rules.
std::string rule_table();

}  // namespace pgadvise::report
