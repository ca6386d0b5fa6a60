// Forecasts the locks of the migrations under review.
#pragma once

#include <vector>

#include "lint/context.h"
#include "model/lock_forecast.h"

namespace pgadvise::lint {

// One forecast for each migration that locks tables which exist before, in the order in which they run;
// migrations that share a transaction have one together. Left out: ROW EXCLUSIVE and weaker locks, and
// statements that neither take another lock nor work on a table with rows. Cost: the steps of a transaction
// times its locks, and for each locked table the queries on it.
std::vector<LockForecast> forecast_locks(const Context& context);

}  // namespace pgadvise::lint
