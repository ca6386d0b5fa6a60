// Facts as rows of the store's tables, the same for each engine. docs/store.md has the schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/facts/facts.h"

namespace pgadvise::store {

// Text is valid UTF-8 without control characters; queries, plans and messages may have line ends and tabs.
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

// A name (of a target, a table, a file) as stores contain it: control characters, also line ends and tabs,
// and bytes that are not UTF-8 as \xNN.
std::string stored_name(std::string_view name);

// A table that has so many rows that the retention removes whole days of it.
struct DailyTable {
  const char* name;
  std::size_t time_column;  // among all columns, from 0
};
inline constexpr DailyTable daily_tables[] = {
    {"query_statistics", 2}, {"relation_size", 4}, {"index_scan", 5}, {"session_sample", 1}};

// Leaves out the rows of the daily tables before `first` (seconds since 1970), which the retention would
// remove, and those that no partition can contain: after the year 9999.
void leave_out_before(std::int64_t first, FactRows& rows);

}  // namespace pgadvise::store
