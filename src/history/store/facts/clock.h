// The clock of the server of a store, against that of the host that uploads.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/facts/facts.h"

namespace pgadvise::store {

inline constexpr std::int64_t longest_retention = 36'500;  // days

struct StoreClock {
  std::int64_t time = 0;            // of the store's server, seconds since 1970
  std::int64_t retention_days = 0;  // 0: the store does not have the setting
};

// Errors (usage): `facts` were taken over an hour after the store's time, so the clock of the host is ahead.
// Until that time such a run would count as the newest one of its target.
Result<void> check_clock(const Facts& facts, const StoreClock& store);

// The retention that a store has, which may be somebody else's: from 1 to longest_retention days.
std::int64_t limited_days(std::int64_t stored);

// The first day that the retention keeps, as seconds; 0: all days. A host whose clock is ahead removes
// nothing that the store's clock keeps. `now`: the host's time.
std::int64_t first_kept_day(const StoreClock& store, std::int64_t now);

}  // namespace pgadvise::store
