// What the store keeps of a plan.
#include "plan/read/structure.h"

#include <gtest/gtest.h>

#include "plan/read/reader.h"

namespace pgadvise::plan {
namespace {

constexpr const char* joined =
    R"json([{"Plan": {"Node Type": "Hash Join", "Join Type": "Inner", "Total Cost": 42,
  "Plans": [
    {"Node Type": "Seq Scan", "Relation Name": "users", "Schema": "public", "Alias": "u", "Filter": "(name = 'x')"},
    {"Node Type": "Hash", "Plans": [
      {"Node Type": "Bitmap Heap Scan", "Relation Name": "orders", "Schema": "app", "Alias": "orders", "Plans": [
        {"Node Type": "Bitmap Index Scan", "Index Name": "by_state", "Index Cond": "(state = 'open')"}]}]}]}}])json";

TEST(PlanStructure, HasTitlesTablesAndIndexesAndNoNumbersOrConditions) {
  const auto plan = read_json(joined);
  ASSERT_TRUE(plan.has_value()) << plan.error().line();
  const PlanStructure found = structure(*plan);
  EXPECT_EQ(found.text,
            "Hash Join\n  Seq Scan on public.users u\n  Hash\n    Bitmap Heap Scan on app.orders\n"
            "      Bitmap Index Scan on by_state\n");
  EXPECT_EQ(found.tables, (std::vector<QualifiedName>{{"app", "orders"}, {"public", "users"}}));
  EXPECT_EQ(found.indexes, (std::vector<QualifiedName>{{"app", "by_state"}}));
}

}  // namespace
}  // namespace pgadvise::plan
