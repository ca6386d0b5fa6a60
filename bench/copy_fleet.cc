#include "copy_fleet.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/text.h"
#include "store/clickhouse/clickhouse_schema.h"

namespace pgadvise::store {
namespace {

constexpr std::int64_t day = 86'400;

// What the engines write differently.
struct Engine {
  std::string_view suffix;  // of the tables with the rows
  std::string_view hash;    // of {0}, as hexadecimal digits
  std::string_view shifts;  // a table s with the column shift, of the numbers {0}
  std::string_view end;     // of an INSERT
  std::string_view calls;   // before SELECT, of query_statistics: new_calls and new_counts of database {0}
  std::string_view finding_run;  // FROM of finding_event: u has the target and the time of its run
  bool own_columns;              // the tables have those of ClickHouseTable
};

constexpr Engine postgres{
    .suffix = "",
    .hash = "md5({})",
    .shifts = "unnest(ARRAY[{}]::bigint[]) AS s (shift)",
    .end = " ON CONFLICT DO NOTHING",
    .calls = "",
    .finding_run = " JOIN run u ON u.run_id = r.run_id",
    .own_columns = false,
};
constexpr Engine clickhouse{
    .suffix = "_rows",
    .hash = "lower(hex(MD5({})))",
    .shifts = "(SELECT arrayJoin([{}]) AS shift) AS s",
    .end = "",
    .calls =
        "WITH toInt64(cityHash64(r.class_id, '{}', r.bucket_start, s.shift) % 32) AS share, "
        "arrayMap(one -> one + intDiv(one * share, 32), r.counts) AS new_counts, "
        "arraySum(new_counts) AS new_calls ",
    .finding_run = "",
    .own_columns = true,
};

// One database, copied from another or from itself.
struct Pair {
  std::string from;
  std::string to;
  int round = 0;       // 0: from itself, one day to further ones
  std::string shifts;  // numbers; 0 copies all days
};

bool any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string value_of(const Engine& engine, const Pair& pair, std::string_view table, std::string_view name) {
  const std::string column = fmt::format("r.{}", name);
  const auto hashed = [&](std::string_view shift) {
    const std::string text = fmt::format("concat({}, ' {} '{})", column, pair.round, shift);
    return fmt::format("substring({}, 1, length({}))", fmt::format(fmt::runtime(engine.hash), text), column);
  };
  if (any_of(name, {"target", "database", "input", "path"}))
    return fmt::format("replace({}, '{}', '{}')", column, pair.from, pair.to);
  if (any_of(name, {"run_id", "source"})) return hashed(", s.shift");
  if (any_of(name, {"scope_id", "class_id", "finding_id", "system"})) return pair.round ? hashed("") : column;
  if (any_of(name, {"started", "taken", "bucket_start", "seen"})) return column + " + s.shift";
  if (engine.calls.empty() || table != "query_statistics") return column;
  if (name == "counts") return "new_counts";
  if (any_of(name, {"calls", "timed_calls", "rows_calls"})) return "new_calls";
  if (any_of(name, {"total_ns", "rows"})) return fmt::format("intDiv({}, r.calls) * new_calls", column);
  return column;
}

// The rows of `table` that the pair copies; "" for none.
std::string rows_of(const Engine& engine, const Pair& pair, const FleetCopy& copy,
                    const ClickHouseTable& table) {
  const std::string_view name = table.name;
  if (any_of(name, {"scope_rule", "scope_input"}))
    return fmt::format("r.scope_id IN (SELECT scope_id FROM run{} WHERE target = '{}') AND s.shift = 0",
                       engine.suffix, pair.from);
  if (name == "query_class")
    return fmt::format(
        "r.class_id IN (SELECT class_id FROM query_statistics{} WHERE target = '{}' AND bucket_start = {}) "
        "AND s.shift = 0",
        engine.suffix, pair.from, copy.first_day);
  if (table.day.empty()) return {};
  const bool of_run = name == "finding_event" && !engine.finding_run.empty();
  const std::string_view row = of_run ? "u" : "r";
  const bool of_server = table.columns.find("database ") != std::string_view::npos;
  return fmt::format("{0}.{1} = '{2}' AND (s.shift = 0 OR ({0}.{3} >= {4} AND {0}.{3} < {5}))", row,
                     of_server ? "database" : "target", pair.from, table.day, copy.first_day,
                     copy.first_day + day);
}

std::vector<std::string> statements_of(const Engine& engine, const Pair& pair, const FleetCopy& copy) {
  std::vector<std::string> out;
  for (const auto& table : clickhouse_tables()) {
    const std::string where = rows_of(engine, pair, copy, table);
    if (where.empty()) continue;
    std::string names = column_names(table.columns);
    if (engine.own_columns && !table.own_columns.empty()) names += ", " + column_names(table.own_columns);
    std::vector<std::string> values;
    for (const auto name : split(names, ','))
      values.push_back(value_of(engine, pair, table.name, trim(name)));
    const bool statistics = table.name == "query_statistics";
    out.push_back(fmt::format(
        "INSERT INTO {0}{1} ({2}) {3}SELECT {4} FROM {0}{1} r{5} CROSS JOIN {6} WHERE {7}{8}", table.name,
        engine.suffix, names, statistics ? fmt::format(fmt::runtime(engine.calls), pair.to) : "",
        fmt::join(values, ", "), table.name == "finding_event" ? engine.finding_run : "",
        fmt::format(fmt::runtime(engine.shifts), pair.shifts), where, engine.end));
  }
  return out;
}

std::vector<std::vector<std::string>> copy_of(const Engine& engine, const FleetCopy& copy) {
  const std::string further = fmt::format("{}", fmt::join(copy.shifts, ", "));
  std::vector<std::vector<std::string>> out;
  for (int number = 0; number < copy.databases; ++number) {
    const int round = number / copy.uploaded;
    if (round || !further.empty())
      out.push_back(statements_of(engine,
                                  {fmt::format("db{:04}", number % copy.uploaded),
                                   fmt::format("db{:04}", number), round, round ? "0" : further},
                                  copy));
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::string>> postgres_copy(const FleetCopy& copy) { return copy_of(postgres, copy); }

std::vector<std::vector<std::string>> clickhouse_copy(const FleetCopy& copy) {
  return copy_of(clickhouse, copy);
}

}  // namespace pgadvise::store
