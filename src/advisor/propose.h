// Findings with a proposal -> findings with a Fix.
#pragma once

#include <vector>

#include "model/catalog.h"
#include "model/finding.h"
#include "model/project.h"

namespace pgadvise::advisor {

// An index that serves several findings (the same keys, or a prefix of another proposal's) is proposed once, by the
// first finding in report order whose keys are the longest; the others name that finding. Refuted findings get no fix.
// Call after confirming, with the findings in report order. `project` may be null.
void propose(std::vector<Finding>& findings, const Catalog& catalog, const Project* project);

}  // namespace pgadvise::advisor
