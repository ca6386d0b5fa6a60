// Facts as rows of the store's tables, the same for each engine. docs/store.md has the schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/facts.h"

namespace pgadvise::store {

// Text is valid UTF-8 without control characters other than line ends and tabs.
using Numbers = std::vector<std::int64_t>;
using Cell = std::variant<std::string, std::int64_t, double, Numbers>;

// Rows of one table, whose cells are in the order of its columns. All rows have cells of the same types.
struct TableRows {
  std::string_view table;
  std::vector<std::vector<Cell>> rows;
};

// The statistics of one log. A store that has the log with at least `size` bytes leaves them out.
struct LogRows {
  std::string source;
  std::int64_t size = 0;
  std::int64_t bucket_start = 0;
  std::int64_t bucket_seconds = 0;
  TableRows classes{"query_class", {}};  // by class_id, without duplicates: of several texts the smallest
  TableRows statistics{"query_statistics", {}};
};

struct FactRows {
  std::string target;
  std::vector<TableRows> tables;         // a row whose key the store has changes nothing
  TableRows classes{"query_class", {}};  // of `tables`, as in LogRows
  std::vector<LogRows> logs;             // by source
};

FactRows rows_of(const Facts& facts);

// The start of the day, UTC.
inline std::int64_t day_of(std::int64_t seconds) {
  constexpr std::int64_t day = 86400;
  const std::int64_t rest = seconds % day;
  return seconds - (rest < 0 ? rest + day : rest);
}

// Leaves out the statistics and sizes before `first` (seconds since 1970), which the retention would remove,
// and those that no partition can contain: after the year 9999.
void leave_out_before(std::int64_t first, FactRows& rows);

}  // namespace pgadvise::store
