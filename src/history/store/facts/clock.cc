#include "store/facts/clock.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/iso_time.h"

namespace pgadvise::store {

std::int64_t limited_days(std::int64_t stored) {
  return std::clamp<std::int64_t>(stored, 1, longest_retention);
}

Result<void> check_clock(const Facts& facts, const StoreClock& store) {
  std::int64_t newest = facts.run ? seconds_of(facts.run->started).value_or(0) : 0;
  for (const auto& size : facts.sizes) newest = std::max(newest, size.taken);
  for (const auto& plan : facts.plans) newest = std::max(newest, plan.taken);
  for (const auto& sample : facts.session_samples) newest = std::max(newest, sample.bucket_start);
  if (facts.scans) newest = std::max(newest, facts.scans->taken);
  if (newest - seconds_per_hour <= store.time) return {};
  return fail(Error::Kind::usage, facts.target,
              fmt::format("the clock of the host is ahead of that of the store's server: the run is of {}, "
                          "the server has {}",
                          iso_of(newest), iso_of(store.time)),
              "nothing of this run was stored; set the clock");
}

std::int64_t first_kept_day(const StoreClock& store, std::int64_t now) {
  if (store.retention_days <= 0) return 0;
  return start_of(seconds_per_day,
                  std::min(now, store.time) - limited_days(store.retention_days) * seconds_per_day);
}

}  // namespace pgadvise::store
