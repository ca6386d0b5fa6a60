#include "check/findings/index_search.h"

#include <gtest/gtest.h>

namespace pgadvise::check {
namespace {

AdvisedIndex index(const std::string& table, const std::string& column, double saved) {
  AdvisedIndex out;
  out.table = {"public", table};
  out.sql =
      "CREATE INDEX CONCURRENTLY " + table + "_" + column + "_idx ON public." + table + " (" + column + ");";
  out.down_sql = "DROP INDEX CONCURRENTLY public." + table + "_" + column + "_idx;";
  out.size_bytes = 2'500'000;
  out.cost_saved = saved;
  out.queries = {"a"};
  out.proposal = {.table = out.table, .keys = {{.column = column}}};
  out.drizzle = "index('" + table + "_" + column + "_idx').on(table." + column + ")";
  return out;
}

TEST(FurtherIndexes, AreFindingsThatReviewCanAccept) {
  const auto findings = as_findings({index("orders", "total", 50), index("orders", "status", 5)}, 1000);
  ASSERT_EQ(findings.size(), 2u);
  const Finding& first = findings[0];
  EXPECT_NE(first.message.find("saves 5.0 % of the workload's planner cost"), std::string::npos)
      << first.message;
  EXPECT_NE(first.message.find("orders"), std::string::npos);
  ASSERT_TRUE(first.fix);
  EXPECT_EQ(first.fix->sql, "CREATE INDEX CONCURRENTLY orders_total_idx ON public.orders (total);");
  EXPECT_EQ(first.fix->drizzle, "index('orders_total_idx').on(table.total)");
  EXPECT_EQ(first.fix->safety, Fix::Safety::safe);
  EXPECT_TRUE(first.proposal);
  EXPECT_NE(first.id, findings[1].id) << "two indexes of a table";
  EXPECT_TRUE(first.short_id.starts_with("advise:")) << first.short_id;
}

TEST(FurtherIndexes, OfAWorkloadWithoutCostDoNotDivideByZero) {
  EXPECT_NE(as_findings({index("orders", "total", 0)}, 0).at(0).message.find("0.0 %"), std::string::npos);
}

TEST(FurtherIndexes, GetNamesThatNoFixGives) {
  Catalog catalog;
  Table table;
  table.name = {"public", "orders"};
  table.columns = {{.name = "total"}, {.name = "status"}};
  catalog.tables.emplace(table.name, table);
  std::vector<AdvisedIndex> indexes{index("orders", "total", 50), index("orders", "status", 5),
                                    index("orders", "status", 4)};
  const Fix fix{.sql = "CREATE INDEX CONCURRENTLY orders_total_idx ON public.orders (total DESC);"};
  const Fix other{.sql = "DROP INDEX CONCURRENTLY public.orders_status_idx;"};
  rename_taken(indexes, {&fix, &other}, catalog, nullptr);
  EXPECT_EQ(indexes[0].sql, "CREATE INDEX CONCURRENTLY orders_total_idx_1 ON public.orders (total);");
  EXPECT_EQ(indexes[0].down_sql, "DROP INDEX CONCURRENTLY public.orders_total_idx_1;");
  EXPECT_EQ(indexes[1].sql, "CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders (status);");
  EXPECT_EQ(indexes[2].sql, "CREATE INDEX CONCURRENTLY orders_status_idx_1 ON public.orders (status);");
}

TEST(FurtherIndexes, LeaveOutWhatAFixCreates) {
  Catalog catalog;
  for (const char* name : {"orders", "lines"}) {
    Table table;
    table.name = {"public", name};
    table.columns = {{.name = "total"}, {.name = "status"}};
    catalog.tables.emplace(table.name, table);
  }
  std::vector<AdvisedIndex> indexes{index("orders", "total", 50), index("orders", "status", 5),
                                    index("lines", "total", 4)};
  const Fix key{.sql =
                    "ALTER TABLE public.orders VALIDATE CONSTRAINT k;\n"
                    "CREATE INDEX CONCURRENTLY another_name ON public.orders (total);"};
  const Fix wider{.sql = "CREATE INDEX CONCURRENTLY w ON public.lines (total, status);"};
  const Fix drop{.sql = "DROP INDEX CONCURRENTLY public.orders_status_idx;"};
  leave_out_created(indexes, {&key, &wider, &drop}, catalog);
  ASSERT_EQ(indexes.size(), 2u);
  EXPECT_EQ(indexes[0].sql, "CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders (status);");
  EXPECT_EQ(indexes[1].sql, "CREATE INDEX CONCURRENTLY lines_total_idx ON public.lines (total);");
}

}  // namespace
}  // namespace pgadvise::check
