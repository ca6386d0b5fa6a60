// Takes back indexes that a measurement shows to be harmful.
#pragma once

#include <string>
#include <vector>

#include "model/results/advice.h"

namespace pgadvise::advisor {

// Removes from the advice each index whose queries, weighted, took longer with the indexes than before, and
// one of which took at least 10 % and 0.1 ms longer. The saving of such an index is added to
// Advice::cost_after. Returns "CREATE INDEX …: why" for each.
std::vector<std::string> withdraw_slower(Advice& advice, const Verification& verification);

}  // namespace pgadvise::advisor
