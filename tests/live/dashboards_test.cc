// Each query of dashboards/history-postgresql.json and of history-clickhouse.json runs on a store with data,
// and finds some of it; each of dashboards/runs-prometheus.json names metrics that docs/metrics.md lists.
#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "live/support.h"
#include "store/open.h"
#include "support/clickhouse_server.h"
#include "support/paths.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

using nlohmann::json;

json panels_of(const std::string& name) {
  const auto text = read_file(std::string(testing_support::source_dir) + "/dashboards/" + name);
  const auto out = json::parse(text.value_or(""), nullptr, false);
  EXPECT_TRUE(out.is_object()) << name;
  return out.is_object() ? out["panels"] : json::array();
}

Result<std::unique_ptr<Store>> store_with_data(const Address& address) {
  auto to = open(address, true);
  if (!to) return to;
  put_all(**to, uploads());
  put_all(**to, {log_of("c", monday + 7 * day, 50), log_of("d", monday + 14 * day, 90),
                 scans_of(monday + 8 * day, "a", 7), scans_of(monday + 8 * day, "b", 0)});
  return to;
}

TEST(Dashboards, EachQueryOfThePostgresOneFindsData) {
  live::Database database;
  const auto to = store_with_data({.path = {}, .retention_days = {}, .conninfo = database.conninfo()});
  ASSERT_TRUE(to.has_value()) << to.error().line();
  const json panels = panels_of("history-postgresql.json");
  EXPECT_EQ(panels.size(), 10u);
  for (const auto& panel : panels)
    for (const auto& target : panel["targets"]) {
      const std::string sql = std::regex_replace(target["rawSql"].get<std::string>(),
                                                 std::regex(R"(\$__unixEpochFilter\(([a-z_.]+)\))"),
                                                 "$1 >= 0 AND $1 <= 4000000000");
      const auto rows = database.admin().query(sql);
      ASSERT_TRUE(rows.has_value()) << panel["title"] << ": " << rows.error().line();
      EXPECT_FALSE(rows->empty()) << panel["title"];
    }
}

TEST(Dashboards, EachQueryOfTheClickHouseOneFindsData) {
  using testing_support::ClickHouseServer;
  if (const std::string why = ClickHouseServer::missing(); !why.empty()) GTEST_SKIP() << why;
  const ClickHouseServer server;
  Address address;
  address.clickhouse = server.url("pgadvise");
  const auto to = store_with_data(address);
  ASSERT_TRUE(to.has_value()) << to.error().line();
  const json panels = panels_of("history-clickhouse.json");
  EXPECT_EQ(panels.size(), 10u);
  for (const auto& panel : panels)
    for (const auto& target : panel["targets"]) {
      std::string sql = replace_all(target["rawSql"].get<std::string>(), "$__fromTime", "toDateTime(0)");
      sql = replace_all(sql, "$__toTime", "toDateTime(4000000000)");
      EXPECT_FALSE(server.query("", sql).empty()) << panel["title"];
    }
}

TEST(Dashboards, ThePrometheusOneNamesDocumentedMetrics) {
  const std::string page =
      read_file(std::string(testing_support::source_dir) + "/docs/metrics.md").value_or("");
  const std::regex metric("pgadvise_[a-z_]+");
  for (const auto& panel : panels_of("runs-prometheus.json"))
    for (const auto& target : panel["targets"]) {
      const std::string expression = target["expr"];
      std::smatch found;
      ASSERT_TRUE(std::regex_search(expression, found, metric)) << expression;
      EXPECT_NE(page.find("| " + found.str()), std::string::npos) << found.str();
    }
}

}  // namespace
}  // namespace pgadvise::store
