// Describes the locks that a change takes, and the size of the locked table.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::review {

// One sentence for each lock, size and risk. `statements`: in the form in which they will run. `table`:
// nullptr if unknown.
std::vector<std::string> lock_impact(const std::vector<std::string>& statements, const Fix& fix,
                                     const Table* table);

}  // namespace pgadvise::review
