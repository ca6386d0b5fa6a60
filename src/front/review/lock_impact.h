// Describes the locks that a change takes, and the size of the locked table.
#pragma once

#include <string>
#include <vector>

#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::review {

// One sentence for each lock, size, time and risk. `statements`: in the form in which they will run.
// `catalog`: in which they run; `table`: of the finding. Both may be nullptr: unknown. Cost: copies the
// catalog.
std::vector<std::string> lock_impact(const std::vector<std::string>& statements, const Fix& fix,
                                     const Catalog* catalog, const Table* table);

}  // namespace pgadvise::review
