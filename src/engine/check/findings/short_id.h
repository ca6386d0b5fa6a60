// Short ids of findings, "unindexed-foreign-key:1b17", by which people and options name them.
#pragma once

#include <string_view>
#include <vector>

#include "model/results/finding.h"

namespace pgadvise::check {

// Sets Finding::short_id: the rule, and at least four digits of the id, more where two findings of the rule
// begin with the same digits. Cost: a sort of the ids.
void set_short_ids(const std::vector<Finding*>& findings);

// Whether `text` names the finding: its rule, or its rule and the beginning of its id.
bool named_by(const Finding& finding, std::string_view text);

}  // namespace pgadvise::check
