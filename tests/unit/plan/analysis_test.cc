// Plans recorded by PostgreSQL 15 (fixtures/plans: TPC-H at scale factor 1, and statements made to show one
// thing each).
#include "plan/insights/analysis.h"

#include <filesystem>
#include <numeric>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "plan/read/title.h"
#include "report/json/plan_json.h"
#include "report/text/plan_text.h"
#include "support/paths.h"

namespace pgadvise::plan {
namespace {

namespace fs = std::filesystem;
using Kind = Insight::Kind;

const fs::path folder = fs::path(testing_support::source_dir) / "fixtures/plans";

Result<Plan> read(std::string_view text) {
  Diagnostics incomplete;
  return plan::read(text, incomplete);
}

Plan plan_of(const std::string& file) {
  auto plan = read(read_file((folder / file).string()).value_or(""));
  EXPECT_TRUE(plan) << file;
  return plan ? std::move(*plan) : Plan{};
}

std::vector<Kind> kinds(const Plan& plan) {
  std::vector<Kind> out;
  const auto times = self_times(plan);
  for (const auto& insight : insights(plan, times, nullptr)) out.push_back(insight.kind);
  return out;
}

Plan text_plan(const std::string& text) {
  auto plan = read(text);
  EXPECT_TRUE(plan) << text;
  return plan ? std::move(*plan) : Plan{};
}

// No node takes less than nothing, and together they take what the statement took.
TEST(PlanTimes, AddUpToTheRoot) {
  int plans = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension().empty()) continue;  // folders, and the script
    const Plan plan = plan_of(entry.path().filename().string());
    const auto times = self_times(plan);
    ASSERT_FALSE(times.nodes.empty());
    ++plans;
    double sum = 0;
    for (const auto& time : times.nodes) {
      EXPECT_GE(time.self_ms, 0) << entry.path() << " " << title(*time.node);
      sum += time.self_ms;
    }
    EXPECT_NEAR(sum, times.nodes[0].total_ms, 1e-6 * times.nodes[0].total_ms) << entry.path();
    EXPECT_NEAR(times.nodes[0].total_ms, *plan.root.actual_total_ms, 1e-9) << entry.path();
    EXPECT_LE(times.nodes[0].total_ms, plan.execution_ms) << entry.path();
  }
  EXPECT_GE(plans, 6);
}

// The CTE ran for its first reader, and is shown under its owner: neither pays twice.
TEST(PlanTimes, ACteIsTakenOffItsReader) {
  const Plan plan = text_plan(
      "Aggregate  (cost=1..2 rows=1 width=8) (actual time=100.0..100.0 rows=1 loops=1)\n"
      "  CTE c\n"
      "    ->  Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..80.0 rows=9 loops=1)\n"
      "  ->  CTE Scan on c  (cost=0..1 rows=1 width=4) (actual time=0.1..90.0 rows=9 loops=1)\n");
  const auto times = self_times(plan);
  ASSERT_EQ(times.nodes.size(), 3u);
  EXPECT_NEAR(times.nodes[0].self_ms, 10, 1e-9);  // not -70
  EXPECT_NEAR(times.nodes[1].self_ms, 80, 1e-9);
  EXPECT_NEAR(times.nodes[2].self_ms, 10, 1e-9);
}

// Each ran it for a part: the one for the first row, the other for the second.
TEST(PlanTimes, ACteIsTakenOffEachReader) {
  const Plan plan = text_plan(
      "Append (actual time=102.409..302.675 rows=3 loops=1)\n"
      "  CTE init\n"
      "    ->  Append (actual time=102.397..302.649 rows=2 loops=1)\n"
      "          ->  Function Scan on pg_sleep a (actual time=102.396..102.398 rows=1 loops=1)\n"
      "          ->  Function Scan on pg_sleep b (actual time=200.243..200.245 rows=1 loops=1)\n"
      "  ->  Limit (actual time=102.407..102.409 rows=1 loops=1)\n"
      "        ->  CTE Scan on init init_1 (actual time=102.402..102.402 rows=1 loops=1)\n"
      "  ->  CTE Scan on init (actual time=0.001..200.256 rows=2 loops=1)\n");
  const auto times = self_times(plan);
  ASSERT_EQ(times.nodes.size(), 7u);
  EXPECT_NEAR(times.nodes[2].self_ms, 102.398, 1e-9);
  EXPECT_NEAR(times.nodes[3].self_ms, 200.245, 1e-9);
  EXPECT_NEAR(times.nodes[5].self_ms, 102.402 - (302.649 - 200.256), 1e-9);
  EXPECT_NEAR(times.nodes[6].self_ms, 0, 1e-9);
  EXPECT_NEAR(times.all_ms, 302.675, 1e-9);
}

// A data-modifying CTE runs to its end after its reader has stopped, or without any.
TEST(PlanTimes, ADataModifyingCteRunsOn) {
  const std::string limit = "Limit  (cost=1..2 rows=10 width=4) (actual time=0.4..0.5 rows=10 loops=1)\n";
  const std::string update =
      "  CTE u\n"
      "    ->  Update on book  (cost=1..2 rows=9 width=13) (actual time=0.4..186.0 rows=9 loops=1)\n"
      "          ->  Seq Scan on book  (cost=1..2 rows=9 width=13) (actual time=0.1..8.5 rows=9 loops=1)\n";
  const std::string end = "Execution Time: 187.000 ms\n";
  const Plan stopped = text_plan(
      limit + update +
      "  ->  CTE Scan on u  (cost=1..2 rows=9 width=4) (actual time=0.4..0.4 rows=10 loops=1)\n" + end);
  auto times = self_times(stopped);
  ASSERT_EQ(times.nodes.size(), 4u);
  EXPECT_NEAR(times.nodes[0].self_ms, 0.1, 1e-9);
  EXPECT_NEAR(times.nodes[1].self_ms, 177.5, 1e-9);
  EXPECT_NEAR(times.nodes[2].self_ms, 8.5, 1e-9);
  EXPECT_NEAR(times.nodes[3].self_ms, 0, 1e-9);
  EXPECT_NEAR(times.all_ms, 186.1, 1e-9);
  EXPECT_NEAR(times.outside_ms, 0.9, 1e-9);
  const std::string tree = report::plan_text(stopped, times, {}, {});
  EXPECT_NE(tree.find("95       9  ├ CTE u: Update book"), std::string::npos) << tree;
  const Plan unread = text_plan(
      limit + update +
      "  ->  Seq Scan on t  (cost=1..2 rows=9 width=4) (actual time=0.4..0.4 rows=10 loops=1)\n" + end);
  times = self_times(unread);
  ASSERT_EQ(times.nodes.size(), 4u);
  EXPECT_NEAR(times.nodes[0].self_ms, 0.1, 1e-9);
  EXPECT_NEAR(times.nodes[1].self_ms, 177.5, 1e-9);
  EXPECT_NEAR(times.nodes[3].self_ms, 0.4, 1e-9);
}

// No server's plan: two CTEs that read each other.
TEST(PlanTimes, CtesThatReadEachOther) {
  const std::string scan = "  (cost=1..2 rows=9 width=4) (actual time=0.1..5.0 rows=9 loops=1)\n";
  const Plan plan = text_plan("Result" + scan + "  CTE a\n    ->  CTE Scan on b" + scan +
                              "  CTE b\n    ->  CTE Scan on a" + scan);
  const auto times = self_times(plan);
  ASSERT_EQ(times.nodes.size(), 3u);
  EXPECT_NEAR(times.nodes[0].self_ms, 5, 1e-9);
  for (const auto& time : times.nodes) {
    EXPECT_GE(time.self_ms, 0);
  }
}

TEST(PlanTimes, AnInitPlanIsTakenOffWhoAsksFirst) {
  const Plan plan = text_plan(
      "Nested Loop  (cost=1..2 rows=1 width=8) (actual time=1.0..100.0 rows=1 loops=1)\n"
      "  InitPlan 1 (returns $1)\n"
      "    ->  Seq Scan on s  (cost=0..1 rows=1 width=4) (actual time=0.1..60.0 rows=1 loops=1)\n"
      "  ->  Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..20.0 rows=1 loops=1)\n"
      "        Filter: (a > $12)\n"
      "  ->  Seq Scan on u  (cost=0..1 rows=1 width=4) (actual time=0.1..70.0 rows=1 loops=1)\n"
      "        Filter: (a > $1)\n");
  const auto times = self_times(plan);
  ASSERT_EQ(times.nodes.size(), 4u);
  EXPECT_NEAR(times.nodes[0].self_ms, 10, 1e-9);
  EXPECT_NEAR(times.nodes[2].self_ms, 20, 1e-9) << "$12 is not $1";
  EXPECT_NEAR(times.nodes[3].self_ms, 10, 1e-9);
}

// A Gather waits for the slowest of its processes: 30 ms here, of which naive total x loops would make 60.
TEST(PlanTimes, BelowAGatherTheSlowestProcessCounts) {
  const Plan plan = text_plan(
      "Gather  (cost=1..2 rows=1 width=8) (actual time=1.0..32.0 rows=1 loops=1)\n"
      "  Workers Planned: 2\n"
      "  ->  Parallel Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..20.0 rows=1 loops=3)\n"
      "        Worker 0:  actual time=0.1..10.0 rows=1 loops=1\n"
      "        Worker 1:  actual time=0.1..30.0 rows=1 loops=1\n");
  const auto times = self_times(plan);
  EXPECT_NEAR(times.nodes[0].self_ms, 2, 1e-9);
  EXPECT_NEAR(times.nodes[1].self_ms, 30, 1e-9);
}

TEST(PlanTimes, RoundedChildrenTakeNoMoreThanTheirParent) {
  const Plan plan = text_plan(
      "Nested Loop  (cost=1..2 rows=1 width=8) (actual time=1.0..10.0 rows=1 loops=1)\n"
      "  ->  Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..4.0 rows=1 loops=1)\n"
      "  ->  Index Scan using i on u  (cost=0..1 rows=1 width=4) (actual time=0.1..0.01 rows=1 "
      "loops=1000)\n");
  const auto times = self_times(plan);
  EXPECT_NEAR(times.nodes[0].self_ms, 0, 1e-9);
  EXPECT_NEAR(times.nodes[1].self_ms + times.nodes[2].self_ms, 10, 1e-9);
}

TEST(PlanText, ReadsWhatPsqlPrints) {
  const Plan plan = plan_of("psql.txt");
  EXPECT_TRUE(plan.analyzed);
  EXPECT_NEAR(plan.planning_ms, 0.373, 1e-9);
  const PlanNode* node = &plan.root;
  EXPECT_EQ(title(*node), "Limit");
  while (!node->children.empty()) node = &node->children[0];
  EXPECT_EQ(title(*node), "Parallel Seq Scan on public.lineitem");
  EXPECT_EQ(node->filter, "(lineitem.l_shipdate > '1998-11-01'::date)");
  EXPECT_EQ(node->rows_removed_by_filter, 1997177);
  EXPECT_EQ(node->workers.size(), 2u);
  EXPECT_EQ(node->shared_hit_blocks, 51720) << "the node's own: not its workers', not the planner's";
  EXPECT_EQ(kinds(plan), std::vector<Kind>{Kind::slow_scan});
}

TEST(PlanText, TitlesComeBackAsTheyWere) {
  for (const std::string name :
       {"Index Only Scan Backward using \"Odd \"\"name\"\"\" on public.t a",
        "Parallel Bitmap Heap Scan on public.\"T\"", "Bitmap Index Scan on i", "Hash Left Join", "Merge Join",
        "Nested Loop Anti Join", "Nested Loop", "Finalize GroupAggregate", "Partial HashAggregate",
        "MixedAggregate", "Aggregate", "Insert on public.t", "CTE Scan on c x",
        "Function Scan on pg_catalog.generate_series g", "Subquery Scan on s", "Gather Merge", "Memoize",
        "Hash Right Anti Join", "WorkTable Scan on r"}) {
    const Plan plan = text_plan(name + "  (cost=0.00..1.00 rows=1 width=4)\n");
    EXPECT_EQ(title(plan.root), name);
  }
}

TEST(PlanText, WhatIsNoPlanIsAnError) {
  for (const std::string text :
       {"", "hello", "# a\n-> b", "{}", "[]", "[{\"Plan\": 3}]", "QUERY PLAN\n-----\n(0 rows)"})
    EXPECT_FALSE(read(text)) << text;
  std::string deep;
  for (int i = 0; i < 3000; ++i)
    deep += std::string(static_cast<std::size_t>(i), ' ') + "->  Sort  (cost=0.00..1.00 rows=1 width=4)\n";
  EXPECT_TRUE(read(deep)) << "no deeper than is safe";
}

TEST(Insights, OfRealPlans) {
  EXPECT_EQ(kinds(plan_of("limit-offset.json")), std::vector<Kind>{Kind::large_offset});
  EXPECT_EQ(kinds(plan_of("tpch-q9.json")),
            (std::vector<Kind>{Kind::disk_sort, Kind::hash_batches, Kind::misestimate}));
  EXPECT_EQ(kinds(plan_of("tpch-q15.json")), (std::vector<Kind>{Kind::slow_scan, Kind::slow_scan}));
}

TEST(Insights, AnEarlyStopAndASmallTableAreNoFaults) {
  EXPECT_TRUE(
      kinds(text_plan(
                "Limit  (cost=0..1 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
                "  ->  Seq Scan on t  (cost=0..1 rows=100000 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
                "Execution Time: 0.3 ms\n"))
          .empty());
  EXPECT_TRUE(
      kinds(text_plan("Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..1.2 rows=1 loops=1)\n"
                      "  Filter: (a = 1)\n  Rows Removed by Filter: 5000\n  Buffers: shared hit=30\n"))
          .empty());
}

TEST(Insights, AnIndexForTheOrderAlone) {
  const Plan plan = text_plan(
      "Limit  (cost=0..1 rows=1 width=4) (actual time=0.1..90.2 rows=10 loops=1)\n"
      "  ->  Index Scan using t_created on t  (cost=0..1 rows=10 width=4) (actual time=0.1..90.0 rows=10 "
      "loops=1)\n"
      "        Filter: (a = 1)\n        Rows Removed by Filter: 50000\n");
  EXPECT_EQ(kinds(plan), std::vector<Kind>{Kind::index_for_order_alone});
}

TEST(Insights, OfTheWholePlan) {
  const Plan plan = text_plan(
      "Delete on t  (cost=0..1 rows=0 width=0) (actual time=1.0..1.0 rows=0 loops=1)\n"
      "  ->  Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
      "Planning Time: 300.0 ms\nTrigger for constraint orders_c_fkey on t: time=90.0 calls=1\nJIT:\n  "
      "Functions: 4\n  Timing: Generation 1.0 ms, Inlining 0.0 ms, Total 50.0 ms\nExecution Time: 100.0 "
      "ms\n");
  EXPECT_EQ(kinds(plan), (std::vector<Kind>{Kind::jit, Kind::planning, Kind::trigger}));
}

TEST(PlanTree, FitsEightyColumnsAndHidesControls) {
  int plans = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension().empty()) continue;  // folders, and the script
    ++plans;
    const Plan plan = plan_of(entry.path().filename().string());
    const auto times = self_times(plan);
    const auto found = insights(plan, times, nullptr);
    const std::string text = report::plan_text(plan, times, found, {.unicode = false});
    for (const auto line : split(text, '\n')) EXPECT_LE(line.size(), 80u) << line;
  }
  EXPECT_GE(plans, 6);
  const Plan plan = text_plan("Seq Scan on \"\x1b[31mt\"  (cost=0.00..1.00 rows=1 width=4)\n");
  EXPECT_EQ(report::plan_text(plan, self_times(plan), {}, {}).find('\x1b'), std::string::npos);
}

TEST(PlanTree, ConditionsOfInsightsShowNoSecret) {
  const Plan plan = text_plan("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n");
  Insight insight;
  insight.text = "t is read whole for (('hunter2'::text = password) AND (kind = 'ok'::text)): 5 of 6 rows";
  const auto times = self_times(plan);
  for (const auto& text :
       {report::plan_text(plan, times, {insight}, {}), report::plan_json(plan, times, {insight})}) {
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find("'ok'"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace pgadvise::plan
