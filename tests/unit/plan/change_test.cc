// Each pattern by which a plan differs between two schemas, and the look-alike that is none.
#include <gtest/gtest.h>

#include "plan/insights/plan_change.h"
#include "plan/read/reader.h"

namespace pgadvise::plan {
namespace {

using Kind = PlanDifference::Kind;
using Kinds = std::vector<Kind>;

const QualifiedName orders{"public", "orders"};

Index index(const std::string& name, const std::vector<std::string>& columns) {
  Index out{.name = name};
  for (const auto& column : columns) out.keys.push_back({.column = column});
  return out;
}

Catalog catalog(const std::vector<Index>& indexes, const std::string& type = "bigint", double rows = 1e6) {
  Catalog out;
  Table table;
  table.name = orders;
  table.columns = {
      {.name = "id", .type = "bigint"}, {.name = "a", .type = type}, {.name = "b", .type = "text"}};
  table.indexes = indexes;
  table.statistics = TableStatistics{.rows = rows};
  out.tables.emplace(orders, table);
  return out;
}

Plan plan_of(const std::string& text) {
  Diagnostics incomplete;
  auto plan = read(text, incomplete);
  EXPECT_TRUE(plan && incomplete.empty()) << text;
  return plan ? std::move(*plan) : Plan{};
}

std::optional<PlanChange> change(const std::string& before, const Catalog& old_catalog,
                                 const std::string& after, const Catalog& new_catalog) {
  const Plan one = plan_of(before), other = plan_of(after);
  return compare({one, old_catalog}, {other, new_catalog});
}

Kinds kinds(const std::optional<PlanChange>& change) {
  Kinds out;
  if (change)
    for (const auto& one : change->differences) out.push_back(one.kind);
  return out;
}

std::string index_scan(const std::string& name, const std::string& condition, const std::string& cost = "8") {
  return "Index Scan using " + name + " on public.orders  (cost=0.4.." + cost +
         " rows=3 width=8)\n  Index Cond: " + condition + "\n";
}

const std::string seq_scan =
    "Seq Scan on public.orders  (cost=0..20000 rows=3 width=8)\n  Filter: (orders.a = 1)\n";

TEST(PlanChange, AnIndexThatIsDroppedBecomesASequentialScan) {
  const auto found =
      change(index_scan("by_a", "(orders.a = 1)"), catalog({index("by_a", {"a"})}), seq_scan, catalog({}));
  ASSERT_EQ(kinds(found), Kinds{Kind::index_to_sequential_scan});
  EXPECT_TRUE(found->differences.front().worse());
  EXPECT_EQ(found->differences.front().before, "Index Scan using by_a on public.orders");
  EXPECT_EQ(found->differences.front().after, "Seq Scan on public.orders");
  EXPECT_EQ(found->ratio(), 2500);
  ASSERT_TRUE(found->cause);
  EXPECT_EQ(found->cause->kind, PlanCause::Kind::dropped_index);
  EXPECT_EQ(found->cause->object, "by_a");
  EXPECT_EQ(found->cause->before, "(a)");
}

TEST(PlanChange, ABitmapScanCountsAsAnIndexScan) {
  const std::string bitmap =
      "Bitmap Heap Scan on public.orders  (cost=4..30 rows=9 width=8)\n  Recheck Cond: (orders.a = 1)\n"
      "  ->  Bitmap Index Scan on by_a  (cost=0..4 rows=9 width=0)\n        Index Cond: (orders.a = 1)\n";
  const Catalog with = catalog({index("by_a", {"a"})});
  EXPECT_EQ(kinds(change(bitmap, with, seq_scan, catalog({}))), Kinds{Kind::index_to_sequential_scan});
  EXPECT_EQ(kinds(change(index_scan("by_a", "(orders.a = 1)"), with, bitmap, with)), Kinds{Kind::other_scan});
}

TEST(PlanChange, AnotherOrderOfColumnsLosesTheCondition) {
  const auto found = change(index_scan("i", "(orders.a = 1)"), catalog({index("i", {"a", "b"})}),
                            index_scan("i", "(orders.a = 1)", "900"), catalog({index("i", {"b", "a"})}));
  ASSERT_EQ(kinds(found), Kinds{Kind::lost_index_condition});
  ASSERT_TRUE(found->cause);
  EXPECT_EQ(found->cause->kind, PlanCause::Kind::changed_index);
  EXPECT_EQ(found->cause->before + " " + found->cause->after, "(a, b) (b, a)");
}

TEST(PlanChange, AChangedTypeIsTheCause) {
  const Catalog before = catalog({index("by_a", {"a"})});
  const auto found = change(index_scan("by_a", "(orders.a = 1)"), before, seq_scan,
                            catalog({index("by_a", {"a"})}, "numeric"));
  ASSERT_EQ(kinds(found), Kinds{Kind::index_to_sequential_scan});
  ASSERT_TRUE(found->cause);
  EXPECT_EQ(found->cause->kind, PlanCause::Kind::changed_type);
  EXPECT_EQ(found->cause->object, "a");
  EXPECT_EQ(found->cause->after, "numeric");
}

TEST(PlanChange, ASortIsAdded) {
  const std::string in_order = "Index Scan using by_b on public.orders  (cost=0.4..100 rows=50 width=8)\n";
  const std::string sorted =
      "Sort  (cost=900..910 rows=50 width=8)\n  Sort Key: orders.b\n  ->  Seq Scan on "
      "public.orders  (cost=0..800 rows=50 width=8)\n";
  const Catalog with = catalog({index("by_b", {"b"})});
  EXPECT_EQ(kinds(change(in_order, with, sorted, catalog({}))), (Kinds{Kind::added_sort, Kind::other_scan}));
  EXPECT_FALSE(change(sorted, with, sorted, with));
}

std::string loop(const std::string& outer_rows) {
  return "Nested Loop  (cost=1..5000 rows=10 width=8)\n"
         "  ->  Seq Scan on public.lines l  (cost=0..100 rows=" +
         outer_rows +
         " width=8)\n"
         "  ->  Index Scan using by_a on public.orders  (cost=0.4..8 rows=1 width=8)\n"
         "        Index Cond: (orders.a = l.a)\n";
}

TEST(PlanChange, ANestedLoopRunsOverMoreRows) {
  const Catalog same = catalog({index("by_a", {"a"})});
  const auto found = change(loop("10"), same, loop("50000"), same);
  ASSERT_EQ(kinds(found), Kinds{Kind::nested_loop_over_more_rows});
  EXPECT_EQ(found->differences.front().rows_before, 10);
  EXPECT_EQ(found->differences.front().rows_after, 50000);
  EXPECT_FALSE(change(loop("10"), same, loop("900"), same)) << "few rows";
  EXPECT_FALSE(change(loop("5000"), same, loop("9000"), same)) << "not ten times as many";
}

TEST(PlanChange, JoinOrderAndMethod) {
  const auto hash = [](const std::string& first, const std::string& second) {
    return "Hash Join  (cost=1..500 rows=10 width=8)\n  Hash Cond: (x.a = y.a)\n  ->  Seq Scan on public." +
           first +
           "  (cost=0..100 rows=9 width=8)\n  ->  Hash  (cost=1..1 rows=1 width=8)\n        ->  Seq Scan on "
           "public." +
           second + "  (cost=0..100 rows=9 width=8)\n";
  };
  const Catalog none;
  EXPECT_EQ(kinds(change(hash("x", "y"), none, hash("y", "x"), none)), Kinds{Kind::join_order});
  const std::string merge =
      "Merge Join  (cost=1..500 rows=10 width=8)\n  Merge Cond: (x.a = y.a)\n  ->  Seq Scan on public.x  "
      "(cost=0..100 rows=9 width=8)\n  ->  Seq Scan on public.y  (cost=0..100 rows=9 width=8)\n";
  EXPECT_EQ(kinds(change(hash("x", "y"), none, merge, none)), Kinds{Kind::join_method});
}

TEST(PlanChange, ARenamedIndexIsNoChange) {
  EXPECT_FALSE(change(index_scan("old_name", "(orders.a = 1)"), catalog({index("old_name", {"a"})}),
                      index_scan("new_name", "(orders.a = 1)"), catalog({index("new_name", {"a"})})));
}

TEST(PlanChange, NoiseOfTheCostIsNoChange) {
  const Catalog same = catalog({index("by_a", {"a"})});
  const std::string condition = "(orders.a = 1)";
  EXPECT_FALSE(
      change(index_scan("by_a", condition, "100"), same, index_scan("by_a", condition, "109"), same));
  EXPECT_FALSE(
      change(index_scan("by_a", condition, "109"), same, index_scan("by_a", condition, "100"), same));
  const auto more =
      change(index_scan("by_a", condition, "100"), same, index_scan("by_a", condition, "120"), same);
  ASSERT_TRUE(more);
  EXPECT_EQ(kinds(more), Kinds{});
}

TEST(PlanChange, ATableThatGrewIsTheCause) {
  const std::string larger = "Seq Scan on public.orders  (cost=0..90000 rows=3 width=8)\n";
  const auto found = change("Seq Scan on public.orders  (cost=0..9 rows=3 width=8)\n",
                            catalog({}, "bigint", 1000), larger, catalog({}, "bigint", 5e6));
  ASSERT_TRUE(found && found->cause);
  EXPECT_EQ(found->cause->kind, PlanCause::Kind::table_size);
  EXPECT_EQ(found->cause->before + " " + found->cause->after, "1.0k 5.0M");
}

TEST(PlanChange, OnlyMessagesAboutTheSchemaAreFailures) {
  const Plan plan = plan_of(seq_scan);
  const auto found = fails_after(plan, "column \"note\" does not exist\nLINE 1: …");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->error, "column \"note\" does not exist");
  EXPECT_EQ(found->outcome, PlanChange::Outcome::fails_after);
  EXPECT_TRUE(fails_after(plan, "operator does not exist: text = integer"));
  EXPECT_FALSE(fails_after(plan, "canceling statement due to statement timeout"));
  EXPECT_FALSE(fails_after(plan, "interrupted"));
}

TEST(PlanChange, ANewStatementThatReadsALargeTable) {
  const Plan plan = plan_of(seq_scan);
  const Catalog large = catalog({});
  const auto found = new_statement({plan, large});
  EXPECT_EQ(found.outcome, PlanChange::Outcome::new_statement);
  EXPECT_EQ(found.unserved.table, orders);
  EXPECT_EQ(found.unserved.rows_before, 1e6);
  EXPECT_EQ(found.unserved.rows_after, 3);
  const Plan by_index = plan_of(index_scan("by_a", "(orders.a = 1)"));
  EXPECT_EQ(new_statement({by_index, large}).unserved.table.name, "");
}

}  // namespace
}  // namespace pgadvise::plan
