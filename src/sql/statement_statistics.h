// Rows of pg_stat_statements -> a Workload, wherever they were read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/workload.h"

namespace pgadvise::sql {

// Ends what pgadvise itself asks of a server: a DBA sees whose it is, and it is not taken for a part of the
// application's workload.
inline constexpr std::string_view own_mark = " /* pgadvise */";

struct StatementStatistics {
  std::optional<std::string> query;  // nullopt: hidden from the role that read it
  std::uint64_t calls = 0;
  double total_ms = 0;
  double min_ms = 0;  // 0 and 0: not told
  double max_ms = 0;
  std::uint64_t rows = 0;
  std::optional<std::string> user;
  std::optional<std::string> database;
};

// `source` brings path and format, and gets the rows that were used and the other ones; `server` tells these
// counters from all others. Statements that are one for libpg_query are summed; pgadvise's own are left out.
Workload workload_of(const std::vector<StatementStatistics>& rows, LogSource source,
                     const std::string& server, Diagnostics& diagnostics);

}  // namespace pgadvise::sql
