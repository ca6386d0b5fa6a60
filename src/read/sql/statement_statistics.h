// Converts rows of pg_stat_statements, from any source, to a Workload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::sql {

// The comment at the end of pgadvise's own statements, by which a DBA can identify them, and pgadvise
// excludes them from workloads.
inline constexpr std::string_view own_mark = " /* pgadvise */";
// The application_name of pgadvise's sessions, which the reading of logs leaves out.
inline constexpr std::string_view own_application = "pgadvise";

struct StatementStatistics {
  std::optional<std::string> query;  // nullopt: hidden from the reading role
  std::uint64_t calls = 0;
  double total_ms = 0;
  double min_ms = 0;  // both 0: unknown
  double max_ms = 0;
  std::uint64_t rows = 0;
  std::optional<std::string> user;
  std::optional<std::string> database;
};

// `source` has path and format, and gets the numbers of used and skipped rows; `server` identifies these
// counters. Sums up statements with the same fingerprint; skips pgadvise's own statements.
Workload workload_of(const std::vector<StatementStatistics>& rows, LogSource source,
                     const std::string& server, Diagnostics& diagnostics);

}  // namespace pgadvise::sql
