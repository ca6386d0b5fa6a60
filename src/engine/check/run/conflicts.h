// Makes the fixes of one schema's findings fit together.
#pragma once

#include <vector>

#include "advisor/candidates/propose.h"
#include "model/project/project.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// Resolves what the fixes that change the schema (safety `safe` and `review`) would do to each other if all
// of them were run:
// - Of two fixes that create an index or key, of which one serves the queries of the other, only the wider
//   remains. The other finding refers to it (ProposedFix::served_by).
//   Of a fix that replaces an index by one of these, the DROP remains.
// - A fix whose new index makes an existing one redundant drops that one, too, and needs review.
// - A fix that adds a foreign key creates the index that unindexed-foreign-key would ask for: one of
// `chosen`,
//   the indexes that the search selects for the workload, if one of these serves the key.
// - Of the fixes that drop indexes, one is withdrawn if they would leave a foreign key, or the queries of a
//   dropped index, without any index. Indexes without scans are dropped first. A withdrawn fix has no SQL, is
//   manual, and its title has the reason. An index that two fixes drop is dropped by one of them.
// Of a table, the first 500 such fixes are compared; what later ones do is not known.
// `findings` are those of `catalog`, `proposals` fixes for them; `project` may be null.
void resolve_conflicts(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
                       const Catalog& catalog, const Project* project,
                       const std::vector<IndexProposal>& chosen = {});

}  // namespace pgadvise::check
