// Findings with an IndexProposal -> fixes with DDL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/project/project.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "plan/run/confirm.h"

namespace pgadvise::advisor {

// A fix for findings[finding].
struct ProposedFix {
  std::size_t finding = 0;
  Fix fix;
  // The finding whose fix holds the index that serves this one, too; then `fix` has no SQL.
  std::optional<std::size_t> served_by;
};

// Whether the catalog has the index's table and columns.
bool fits(const IndexProposal& index, const Catalog& catalog);

// The indexes that findings ask for. Left out are refuted and withdrawn findings, and those that ask for
// several indexes, for the branches of an OR.
std::vector<IndexProposal> asked_indexes(const std::vector<Finding>& findings,
                                         const std::vector<plan::Confirmation>& confirmations);

// The same, and those of findings that ask for several indexes.
std::vector<IndexProposal> all_asked_indexes(const std::vector<Finding>& findings,
                                             const std::vector<plan::Confirmation>& confirmations);

// The proposals of all findings are merged (candidates/merge.h), together with `chosen`, the indexes that the
// search selects for the workload. An index that serves several findings is proposed once: by the first
// finding that asks for just this index, else by the first of those whose keys are the longest. An index on a
// partitioned table serves its partitions' findings. Refuted findings and those without an IndexProposal get
// no fix. `findings` in report order, with one confirmation each, or none if nothing was confirmed. `project`
// may be null.
std::vector<ProposedFix> propose(const std::vector<Finding>& findings,
                                 const std::vector<plan::Confirmation>& confirmations, const Catalog& catalog,
                                 const Project* project, const std::vector<IndexProposal>& chosen = {});

// The title of a fix whose SQL the finding with this id has.
std::string title_of_served(std::string_view id);

// Puts the fixes into the findings, whose ids must be final.
void apply_fixes(const std::vector<ProposedFix>& fixes, std::vector<Finding>& findings);

}  // namespace pgadvise::advisor
