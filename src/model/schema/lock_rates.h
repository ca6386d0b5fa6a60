// How long the work of a migration takes on a table of a known size. The constants are measured by
// bench/run lock-work; docs/lock-forecast.md has the figures, and what they do not cover.
#pragma once

#include <optional>

#include "model/schema/lock.h"

namespace pgadvise {

struct SecondsRange {
  double from = 0;
  double to = 0;
  bool operator==(const SecondsRange&) const = default;
};

// Time of one kind of work: rows × us_per_row + megabytes of the heap × ms_per_mb, times `fastest` to
// `slowest`.
struct WorkRate {
  double us_per_row = 0;
  double ms_per_mb = 0;
  double fastest = 1;  // of the measurements, relative to that formula
  double slowest = 1;
};

// Servers under load and slower disks: the range ends at this many times the slowest measurement.
inline constexpr double slow_server = 2;

inline constexpr WorkRate scan_rate{0.066, 0.88, 0.52, 6.4};
inline constexpr WorkRate foreign_key_rate{1.1, 3.6, 0.58, 2.7};
inline constexpr WorkRate build_rate{2.6, 3.4, 0.2, 3.2};  // from one B-tree index on integer to one on text
inline constexpr WorkRate rewrite_rate{4.2, 7.6, 0.25, 1.5};  // of a table with one index
inline constexpr WorkRate update_rate{7.6, 16, 0.61, 3.7};    // of every row

// Seconds of the work, from the fastest server to a slow one. nullopt: `rows` or `bytes` (of the heap) are
// unknown. `indexes`: of the table, which a rewrite builds again. `foreign_key`: a scan that looks every row
// up in another table. Work::none takes no time.
std::optional<SecondsRange> time_of(TableLock::Work work, std::optional<double> rows,
                                    std::optional<double> bytes, int indexes, bool foreign_key = false);

}  // namespace pgadvise
