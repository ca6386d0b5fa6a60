// Draws forecasts of locks: time from left to right, each lock a bar, the queries that wait as a count.
#pragma once

#include <string>
#include <vector>

#include "model/schema/lock_forecast.h"
#include "report/text/paint.h"

namespace pgadvise::report {

// Lines without line ends: of each of the first forecasts with a harmful lock at most 12, and a last line if
// there are more forecasts. Begins at the statement that takes the first harmful lock, and shows only harmful
// locks. Empty without such a lock.
std::vector<std::string> lock_timeline(const std::vector<LockForecast>& forecasts, const Look& look);

// "3 to 20 s", "under 0.1 s", "2 to 15 min"
std::string range_text(const SecondsRange& range);

}  // namespace pgadvise::report
