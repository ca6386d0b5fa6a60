#include "base/iso_time.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

namespace pgadvise {

std::optional<std::int64_t> seconds_of(const std::string& iso) {
  namespace ch = std::chrono;
  int year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, length = 0;
  if (iso.size() != 20 ||
      std::sscanf(iso.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hours, &minutes, &seconds,
                  &length) != 6 ||
      length != 20)
    return std::nullopt;
  const ch::year_month_day date{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                ch::day(static_cast<unsigned>(day))};
  if (!date.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  return ch::sys_days(date).time_since_epoch().count() * std::int64_t{86400} + hours * 3600 + minutes * 60 +
         seconds;
}

std::string iso_of(std::int64_t seconds) {
  namespace ch = std::chrono;
  constexpr std::int64_t last = 253402300799;  // of the year 9999
  const ch::sys_seconds time{ch::seconds(std::clamp<std::int64_t>(seconds, 0, last))};
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day date(day);
  const ch::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace pgadvise
