// Numbers as the reports of digest, advise and history write them.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/queries/workload.h"

namespace pgadvise::report {

std::string short_time(double milliseconds);  // "0.12ms", "18.4ms", "1.20s", "3.5min", "2.1h"
std::string count(std::uint64_t value);       // "1,234,567"
// "1 query", "1,234 queries": the plural is the noun with an s unless `several` is given.
std::string plural(std::uint64_t value, std::string_view noun, std::string_view several = {});
std::string bytes(double value);  // "12 kB", "1.2 MB", "3.40 GB": powers of 1000
template <std::integral Int>
std::string bytes(Int value) {
  return bytes(static_cast<double>(value));
}
std::string cost(double value);                  // of the planner: "1.5", "120", "250k", "12M"
std::string percent(double part, double whole);  // "12.3%"; "-" if `whole` is 0
// The numbers of all logs of the workload, without their names and formats.
LogSource total_of(const std::vector<LogSource>& sources);
double median_ms(const ServerEvent& event);  // at most the longest duration, which is known exactly
// "2026-11-20T10:00:00.123", in the log's time zone.
std::string time_stamp(std::int64_t microseconds);
std::string one_line(std::string_view text);  // printable, and spaces are single

}  // namespace pgadvise::report
