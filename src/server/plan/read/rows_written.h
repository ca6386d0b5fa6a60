// The number of rows that a plan writes.
#pragma once

#include "model/queries/plan.h"

namespace pgadvise::plan {

// Estimated number of rows that INSERT, UPDATE, DELETE or MERGE changes, also in a CTE; 0 if the plan only
// reads.
double rows_written(const Plan& plan);

}  // namespace pgadvise::plan
