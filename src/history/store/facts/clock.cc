#include "store/facts/clock.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/iso_time.h"
#include "store/facts/fact_rows.h"

namespace pgadvise::store {

std::int64_t limited_days(std::int64_t stored) {
  return std::clamp<std::int64_t>(stored, 1, longest_retention);
}

Result<void> check_clock(const Facts& facts, const StoreClock& store) {
  constexpr std::int64_t tolerance = 3600;
  std::int64_t newest = facts.run ? seconds_of(facts.run->started).value_or(0) : 0;
  for (const auto& size : facts.sizes) newest = std::max(newest, size.taken);
  for (const auto& plan : facts.plans) newest = std::max(newest, plan.taken);
  for (const auto& sample : facts.session_samples) newest = std::max(newest, sample.bucket_start);
  if (facts.scans) newest = std::max(newest, facts.scans->taken);
  if (newest - tolerance <= store.time) return {};
  return fail(Error::Kind::usage, facts.target,
              fmt::format("the clock of the host is ahead of that of the store's server: the run is of {}, "
                          "the server has {}",
                          iso_of(newest), iso_of(store.time)),
              "nothing of this run was stored; set the clock");
}

std::int64_t first_kept_day(const StoreClock& store, std::int64_t now) {
  constexpr std::int64_t day = 86400;
  return store.retention_days > 0
             ? day_of(std::min(now, store.time) - limited_days(store.retention_days) * day)
             : 0;
}

}  // namespace pgadvise::store
