// What PostgreSQL 18 is told of production's statistics.
#include "pg/sandbox/import_statistics.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace pgadvise::pg {
namespace {

// Values by the functions' argument names, as they stand in the statement: 'name', $n::type.
std::map<std::string, std::pair<std::string, std::optional<std::string>>> arguments(
    const RestoreStatement& statement) {
  std::map<std::string, std::pair<std::string, std::optional<std::string>>> out;
  std::size_t at = 0, count = 0;
  while ((at = statement.sql.find('\'', at)) != std::string::npos) {
    const auto end = statement.sql.find('\'', at + 1);
    const auto dollar = statement.sql.find('$', end), stop = statement.sql.find_first_of(",)", dollar);
    const auto colon = statement.sql.find("::pg_catalog.", dollar);
    const auto number =
        static_cast<std::size_t>(std::stoi(statement.sql.substr(dollar + 1, colon - dollar - 1)));
    EXPECT_EQ(++count, number) << "no value is left over";
    out[statement.sql.substr(at + 1, end - at - 1)] = {statement.sql.substr(colon + 13, stop - colon - 13),
                                                       statement.parameters.at(number - 1)};
    at = end + 1;
  }
  EXPECT_EQ(count, statement.parameters.size());
  return out;
}

using Argument = std::pair<std::string, std::optional<std::string>>;

TEST(Restore, Relation) {
  const auto statement = restore_relation({{"My stock", "It's"}, 8192 * 5, 5, 1234.5, 3}, 150018);
  EXPECT_EQ(
      statement.sql.find("SELECT pg_catalog.pg_restore_relation_stats('schemaname', $1::pg_catalog.text, "),
      0u);
  auto found = arguments(statement);
  EXPECT_EQ(found.size(), 6u);
  EXPECT_EQ(found["schemaname"], Argument("text", "My stock"));
  EXPECT_EQ(found["relname"], Argument("text", "It's"));
  EXPECT_EQ(found["version"], Argument("int4", "150018"));
  EXPECT_EQ(found["relpages"], Argument("int4", "5"));
  EXPECT_EQ(found["reltuples"], Argument("float4", "1234.5"));
  EXPECT_EQ(found["relallvisible"], Argument("int4", "3"));
  EXPECT_EQ(arguments(restore_relation({{"s", "t"}, 0, 1LL << 40, -1, 0}, 180000))["relpages"].second,
            "2147483647");
}

TEST(Restore, Column) {
  Column column;
  column.name = "state";
  column.statistics = ColumnStatistics{.n_distinct = -0.5, .null_fraction = 0.25, .average_width = 7};
  auto found = arguments(restore_column({"app", "orders"}, column, false, 180000));
  EXPECT_EQ(found.size(), 12u);
  EXPECT_EQ(found["attname"], Argument("text", "state"));
  EXPECT_EQ(found["inherited"], Argument("bool", "f"));
  EXPECT_EQ(found["null_frac"], Argument("float4", "0.25"));
  EXPECT_EQ(found["avg_width"], Argument("int4", "7"));
  EXPECT_EQ(found["n_distinct"], Argument("float4", "-0.5"));
  for (const auto* name : {"most_common_vals", "most_common_freqs", "histogram_bounds", "correlation"})
    EXPECT_EQ(found[name].second, std::nullopt) << name;
  column.statistics->most_common_values = "{a,\"b,c\"}";
  EXPECT_EQ(arguments(restore_column({"app", "orders"}, column, true, 180000))["most_common_vals"].second,
            std::nullopt)
      << "refused without their frequencies";
  column.statistics->most_common_frequencies = "{0.5,0.25}";
  column.statistics->histogram_bounds = "{d,e}";
  column.statistics->correlation = -0.75;
  found = arguments(restore_column({"app", "orders"}, column, true, 180000));
  EXPECT_EQ(found["inherited"].second, "t");
  EXPECT_EQ(found["most_common_vals"], Argument("text", "{a,\"b,c\"}"));
  EXPECT_EQ(found["most_common_freqs"], Argument("float4[]", "{0.5,0.25}"));
  EXPECT_EQ(found["histogram_bounds"], Argument("text", "{d,e}"));
  EXPECT_EQ(found["correlation"], Argument("float4", "-0.75"));
}

}  // namespace
}  // namespace pgadvise::pg
