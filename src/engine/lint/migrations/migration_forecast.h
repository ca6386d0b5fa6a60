// Forecasts the locks of the migrations under review.
#pragma once

#include <vector>

#include "lint/run/context.h"
#include "model/schema/lock_forecast.h"

namespace pgadvise::lint {

// One forecast for each migration that locks tables which exist before, in the order in which they run;
// migrations that share a transaction have one forecast together. It omits ROW EXCLUSIVE and weaker locks,
// and statements that take no stronger lock and do no work on a table with rows. It ends at a statement that
// fails inside a transaction. Cost: the steps of a transaction times its locks, and for each locked table the
// queries on it.
std::vector<LockForecast> forecast_locks(const Context& context);

}  // namespace pgadvise::lint
