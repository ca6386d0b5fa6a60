// Figures as the reports of digest and advise write them.
#pragma once

#include <cstdint>
#include <string>

#include "model/queries/workload.h"

namespace pgadvise::report {

std::string short_time(double milliseconds);  // "0.12ms", "18.4ms", "1.20s", "3.5min", "2.1h"
std::string count(std::uint64_t value);       // "1,234,567"
double median_ms(const ServerEvent& event);   // at most the longest duration, which is known exactly
// "2026-11-20T10:00:00.123", in the log's time zone.
std::string time_stamp(std::int64_t microseconds);

}  // namespace pgadvise::report
