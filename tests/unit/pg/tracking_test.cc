#include "pg/catalog/tracking.h"

#include <gtest/gtest.h>

#include "sql/replay/replay.h"

namespace pgadvise::pg {
namespace {

// A schema for each tenant, each with a tracking table of its own: no more than 32 of them are asked.
TEST(Tracking, OnlyTheFirstOfManyTablesAreAsked) {
  sql::Replayer replayer;
  for (int i = 10; i < 50; ++i) {
    const std::string schema = "tenant_" + std::to_string(i);
    replayer.run("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema +
                     ".schema_migrations (version varchar PRIMARY KEY); CREATE TABLE " + schema +
                     ".orders (id int);",
                 "a.sql");
  }
  std::vector<std::string> asked;
  int not_asked = 0;
  const auto tables = read_tracking(
      replayer.catalog(),
      [&](const std::string& query) -> Result<Rows> {
        asked.push_back(query);
        return Rows{{"20240101", "", "0", "f"}};
      },
      not_asked);
  EXPECT_EQ(asked.size(), static_cast<std::size_t>(max_tracking_tables));
  EXPECT_EQ(tables.size(), asked.size());
  EXPECT_EQ(not_asked, 8);
  EXPECT_EQ(tables.front().schema, "tenant_10") << "by name";
  EXPECT_EQ(tables.back().schema, "tenant_41");
}

}  // namespace
}  // namespace pgadvise::pg
