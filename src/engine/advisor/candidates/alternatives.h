// Indexes that may serve one statement, for the search after a finding's own proposal did not help.
#pragma once

#include <vector>

#include "advisor/costs/entry_size.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"
#include "plan/run/confirm.h"

namespace pgadvise::advisor {

// At most 16, those with fewer keys first: candidates() on the table, partial
// indexes for IS [NOT] NULL, and one index for each condition of an OR. Only what the server can build.
std::vector<plan::IndexSetProposal> alternatives(const Query& query, const QualifiedName& table,
                                                 const Catalog& catalog, EntrySizes& sizes);

// What plan::confirm() asks about indexes. Both arguments must outlive the result.
plan::ConfirmOptions confirm_options(const Catalog& catalog, EntrySizes& sizes);

}  // namespace pgadvise::advisor
