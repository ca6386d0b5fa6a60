#include "report/text/figures.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::report {

std::string short_time(double ms) {
  const auto three = [](double value, std::string_view unit) {
    return fmt::format("{:.{}f}{}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
  };
  if (ms < 999.5) return three(ms, "ms");
  if (ms < 99.95e3) return three(ms / 1e3, "s");
  if (ms < 99.95 * 60e3) return three(ms / 60e3, "min");
  return three(ms / 3600e3, "h");
}

std::string count(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string plural(std::uint64_t value, std::string_view noun, std::string_view several) {
  if (value != 1 && !several.empty()) return fmt::format("{} {}", count(value), several);
  return fmt::format("{} {}{}", count(value), noun, value == 1 ? "" : "s");
}

std::string bytes(double value) {
  if (value < 999'500) return fmt::format("{:.0f} kB", std::ceil(value / 1e3));
  if (value < 999.5e6) return fmt::format("{:.{}f} MB", value / 1e6, value < 9.95e6 ? 1 : 0);
  return fmt::format("{:.2f} GB", value / 1e9);
}

std::string cost(double value) {
  if (value < 99'999.5) return fmt::format("{:.{}f}", value, value < 99.95 ? 1 : 0);
  if (value < 9.995e6) return fmt::format("{:.0f}k", value / 1e3);
  if (value < 9.995e9) return fmt::format("{:.0f}M", value / 1e6);
  return fmt::format("{:.3g}", value);
}

std::string percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f}%", 100 * part / whole) : "-";
}

LogSource total_of(const std::vector<LogSource>& sources) {
  LogSource out;
  for (const auto& source : sources)
    for (const auto number :
         {&LogSource::lines, &LogSource::used, &LogSource::continuation, &LogSource::other,
          &LogSource::not_understood, &LogSource::statements, &LogSource::timed_statements})
      out.*number += source.*number;
  return out;
}

double median_ms(const ServerEvent& event) {
  // The others could have taken the longest time each: what is left of the total is the least that any of
  // them took.
  const double longest = event.longest_us / 1000;
  const double shortest = event.total_us / 1000 - static_cast<double>(event.count - 1) * longest;
  return std::clamp(event.times.percentile_ms(0.5).value_or(0), std::min(std::max(shortest, 0.0), longest),
                    longest);
}

std::string time_stamp(std::int64_t microseconds) {
  std::int64_t milliseconds = microseconds / 1000;
  if (microseconds % 1000 < 0) --milliseconds;
  std::int64_t seconds = milliseconds / 1000;
  if (milliseconds % 1000 < 0) --seconds;
  const std::time_t at = seconds;
  std::tm parts{};
  gmtime_r(&at, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds - seconds * 1000);
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : printable(text))
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  return out;
}

}  // namespace pgadvise::report
