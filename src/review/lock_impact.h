// What a change costs while it is made: locks, and the size of what they are held on.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::review {

// A sentence each. `statements`: as they will be run. `table`: nullptr when nothing is known of it.
std::vector<std::string> lock_impact(const std::vector<std::string>& statements, const Fix& fix,
                                     const Table* table);

}  // namespace pgadvise::review
