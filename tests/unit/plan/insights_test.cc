// Each insight: a plan that shows it, and the trap that must not.
#include "plan/insights/insights.h"

#include <gtest/gtest.h>

#include "plan/insights/analysis.h"
#include "plan/read/reader.h"

namespace pgadvise::plan {
namespace {

using Kind = Insight::Kind;
using Kinds = std::vector<Kind>;

Kinds kinds(const std::string& text, const Catalog* catalog = nullptr) {
  Diagnostics incomplete;
  const auto plan = read(text, incomplete);
  EXPECT_TRUE(plan) << text;
  Kinds out;
  if (!plan) return out;
  for (const auto& insight : insights(*plan, self_times(*plan), catalog)) {
    EXPECT_FALSE(insight.flag.empty());
    EXPECT_FALSE(insight.text.empty());
    out.push_back(insight.kind);
  }
  return out;
}

std::string scan(const std::string& kept, const std::string& removed, const std::string& pages) {
  return "Seq Scan on t  (cost=0..1 rows=" + kept + " width=4) (actual time=0.1..50.0 rows=" + kept +
         " loops=1)\n  Filter: (a = 1)\n  Rows Removed by Filter: " + removed +
         "\n  Buffers: shared hit=" + pages + "\n";
}

TEST(Insight, SlowScan) {
  EXPECT_EQ(kinds(scan("100", "99900", "2000")), Kinds{Kind::slow_scan});
  EXPECT_EQ(kinds(scan("50000", "49000", "2000")), Kinds{}) << "half of the rows are kept";
  EXPECT_EQ(kinds(scan("100", "99900", "900")), Kinds{}) << "a small table";
  EXPECT_EQ(
      kinds("Limit  (cost=0..1 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
            "  ->  Seq Scan on t  (cost=0..100 rows=9000 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n    "
            "    Filter: (a = 1)\n        Rows Removed by Filter: 3\n        Buffers: shared hit=1\n"),
      Kinds{})
      << "a LIMIT that stopped early has read a page";
}

TEST(Insight, SlowScanAsTheCatalogKnowsTheTable) {
  Catalog catalog;
  Table table;
  table.name = {"public", "t"};
  table.statistics = TableStatistics{.rows = 1000, .pages = 12};
  catalog.tables.emplace(table.name, table);
  EXPECT_EQ(kinds(scan("100", "99900", "2000"), &catalog), Kinds{}) << "read again and again, and small";
}

TEST(Insight, SlowScanNamesWhyAnIndexOnTheColumnsWouldNotHelp) {
  Catalog catalog;
  Table table;
  table.name = {"public", "t"};
  table.columns = {{.name = "id", .type = "integer"},
                   {.name = "at", .type = "timestamp with time zone"},
                   {.name = "name", .type = "character varying(20)"},
                   {.name = "attrs", .type = "jsonb"},
                   {.name = "gone", .type = "date"}};
  table.statistics = TableStatistics{.rows = 100'000, .pages = 2000};
  catalog.tables.emplace(table.name, table);
  const auto text = [](const std::string& filter, const Catalog* known) {
    std::string plan = scan("100", "99900", "2000");
    plan.replace(plan.find("(a = 1)"), 7, filter);
    Diagnostics incomplete;
    const auto read_plan = read(plan, incomplete);
    EXPECT_TRUE(read_plan) << plan;
    const auto found = insights(*read_plan, self_times(*read_plan), known);
    return found.empty() ? std::string() : found.front().text;
  };
  const std::string plain = "An index on the columns of the filter would find the rows.";
  for (const Catalog* known : {static_cast<const Catalog*>(&catalog), static_cast<const Catalog*>(nullptr)}) {
    for (const std::string filter :
         {"(id = 7)", "((name)::text = 'x'::text)", "((id > 5) AND (at)::date = 'x'::date)",
          "((id > 5) AND (NOT (SubPlan 1)))"})
      EXPECT_NE(text(filter, known).find(plain), std::string::npos) << text(filter, known);
    for (const auto& [filter, part] : std::vector<std::pair<std::string, std::string>>{
             {"((at)::date = '2026-02-01'::date)",
              known ? "at >= …::date AND at < …::date + 1" : "Compare at itself"},
             {"(date_trunc('month'::text, at) = '2026-02-01'::date)",
              known ? "at < …::date + interval '1 month'" : "Compare at itself"},
             {"((id)::numeric = 7.0)",
              known ? "id = …::integer. The value must be a whole number" : "compare id itself"},
             {"(lower((name)::text) = 'x'::text)", "Create an index on lower(name)"},
             {"(gone IS NOT NULL)", "WHERE gone IS NOT NULL"},
             {"(attrs @> '{}'::jsonb)", "GIN"},
             {"((id = 1) OR (gone = 'x'::date))", "An OR needs an index for each"}}) {
      EXPECT_NE(text(filter, known).find(part), std::string::npos) << text(filter, known);
      EXPECT_EQ(text(filter, known).find(plain), std::string::npos) << text(filter, known);
    }
  }
}

std::string by_index(const std::string& label, const std::string& condition = "  Index Cond: (a = 1)\n") {
  return "Index Scan using i on t  (cost=0..1 rows=10 width=4) (actual time=0.1..50.0 rows=10 loops=1)\n" +
         condition + "  Filter: (b = 2)\n  " + label + ": 40000\n";
}

TEST(Insight, InefficientIndex) {
  EXPECT_EQ(kinds(by_index("Rows Removed by Filter")), Kinds{Kind::inefficient_index});
  EXPECT_EQ(kinds(by_index("Rows Removed by Index Recheck")), Kinds{})
      << "what the index itself gave up is not the filter's";
}

TEST(Insight, IndexForTheOrderAlone) {
  const auto under_limit = [](const std::string& removed, const std::string& condition) {
    return "Limit  (cost=0..1 rows=1 width=4) (actual time=0.1..90.2 rows=10 loops=1)\n"
           "  ->  Index Scan using t_created on t  (cost=0..1 rows=10 width=4) (actual time=0.1..90.0 "
           "rows=10 loops=1)\n" +
           condition + "        Filter: (a = 1)\n        Rows Removed by Filter: " + removed + "\n";
  };
  EXPECT_EQ(kinds(under_limit("50000", "")), Kinds{Kind::index_for_order_alone});
  EXPECT_EQ(kinds(under_limit("700", "")), Kinds{}) << "lucky parameters";
  EXPECT_EQ(kinds(under_limit("50000", "        Index Cond: (b = 2)\n")), Kinds{Kind::inefficient_index});
}

TEST(Insight, MisestimateOfTheDeepestNode) {
  EXPECT_EQ(
      kinds(
          "Sort  (cost=0..1 rows=1 width=4) (actual time=0.1..9.0 rows=5000 loops=1)\n"
          "  ->  Hash Join  (cost=0..1 rows=1 width=4) (actual time=0.1..8.0 rows=5000 loops=1)\n"
          "        ->  Seq Scan on t  (cost=0..1 rows=10 width=4) (actual time=0.1..7.0 rows=5000 loops=1)\n"
          "        ->  Hash  (cost=0..1 rows=10 width=4) (actual time=0.1..0.1 rows=10 loops=1)\n"
          "              ->  Seq Scan on u  (cost=0..1 rows=10 width=4) (actual time=0.1..0.1 rows=10 "
          "loops=1)\n"),
      Kinds{Kind::misestimate});
}

TEST(Insight, NoMisestimates) {
  EXPECT_EQ(
      kinds("Bitmap Heap Scan on t  (cost=0..1 rows=5000 width=4) (actual time=0.1..9.0 rows=5100 loops=1)\n"
            "  ->  BitmapOr  (cost=0..1 rows=5000 width=0) (actual time=0.1..1.0 rows=0 loops=1)\n"
            "        ->  Bitmap Index Scan on i  (cost=0..1 rows=2500 width=0) (actual time=0.1..0.5 "
            "rows=2600 loops=1)\n"
            "        ->  Bitmap Index Scan on j  (cost=0..1 rows=2500 width=0) (actual time=0.1..0.5 "
            "rows=2500 loops=1)\n"),
      Kinds{})
      << "BitmapOr reports 0";
  EXPECT_EQ(
      kinds("Nested Loop Semi Join  (cost=0..1 rows=10 width=4) (actual time=0.1..0.3 rows=10 loops=1)\n"
            "  ->  Seq Scan on t  (cost=0..1 rows=10 width=4) (actual time=0.1..0.2 rows=10 loops=1)\n"
            "  ->  Seq Scan on u  (cost=0..1 rows=90000 width=4) (actual time=0.01..0.02 rows=1 loops=10)\n"),
      Kinds{})
      << "stopped early";
  EXPECT_EQ(
      kinds(
          "HashAggregate  (cost=0..1 rows=20000 width=4) (actual time=0.1..90.0 rows=3 loops=1)\n  Filter: "
          "(count(*) > 3)\n"
          "  ->  Seq Scan on t  (cost=0..1 rows=60000 width=4) (actual time=0.1..70.0 rows=60000 loops=1)\n"),
      Kinds{})
      << "HAVING is a guess";
  EXPECT_EQ(kinds("Seq Scan on t  (cost=0..1 rows=1 width=4) (actual time=0.1..1.0 rows=200 loops=1)\n"),
            Kinds{})
      << "a few rows";
  EXPECT_EQ(kinds("Seq Scan on t  (cost=0..1 rows=5000 width=4) (never executed)\n"), Kinds{});
}

TEST(Insight, DiskSort) {
  EXPECT_EQ(kinds("Sort  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=1)\n  Sort Key: "
                  "a\n  Sort Method: external merge  Disk: 12344kB\n"),
            Kinds{Kind::disk_sort});
  EXPECT_EQ(kinds("Sort  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=3)\n  Sort Key: "
                  "a\n  Sort Method: quicksort  Memory: 4000kB\n"
                  "  Worker 0:  Sort Method: external merge  Disk: 512kB\n  Worker 1:  Sort Method: "
                  "quicksort  Memory: 300kB\n"),
            Kinds{Kind::disk_sort})
      << "of a worker";
  EXPECT_EQ(kinds("Sort  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=1)\n  Sort Key: "
                  "a\n  Sort Method: quicksort  Memory: 900kB\n"),
            Kinds{});
}

TEST(Insight, HashBatchesAndAggregates) {
  const std::string hash =
      "Hash  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=1)\n  Buckets: 65536  "
      "Batches: ";
  EXPECT_EQ(kinds(hash + "8  Memory Usage: 4000kB\n"), Kinds{Kind::hash_batches});
  EXPECT_EQ(kinds(hash + "1  Memory Usage: 4000kB\n"), Kinds{});
  const std::string aggregate =
      "HashAggregate  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=1)\n  Group Key: "
      "a\n  Batches: ";
  EXPECT_EQ(kinds(aggregate + "5  Memory Usage: 4145kB  Disk Usage: 9000kB\n"), Kinds{Kind::aggregate_spill});
  EXPECT_EQ(kinds(aggregate + "1  Memory Usage: 4145kB\n"), Kinds{});
  EXPECT_EQ(
      kinds(
          R"([{"Plan": {"Node Type": "Aggregate", "Strategy": "Hashed", "Plan Rows": 9000, "Actual Rows": 9000, "Actual Loops": 3, "Actual Total Time": 9,
                    "Workers": [{"Worker Number": 0, "HashAgg Batches": 5, "Disk Usage": 800}]}}])"),
      Kinds{Kind::aggregate_spill})
      << "of a worker";
}

TEST(Insight, LossyBitmap) {
  const auto bitmap = [](const std::string& recheck) {
    return "Bitmap Heap Scan on t  (cost=0..1 rows=9000 width=4) (actual time=0.1..9.0 rows=9000 loops=1)\n  "
           "Recheck Cond: (a = 1)\n" +
           recheck + "  Heap Blocks: exact=10 lossy=900\n";
  };
  EXPECT_EQ(kinds(bitmap("  Rows Removed by Index Recheck: 30000\n")), Kinds{Kind::lossy_bitmap});
  EXPECT_EQ(kinds(bitmap("")), Kinds{}) << "no row was looked at in vain";
}

TEST(Insight, HeapFetches) {
  const auto only = [](const std::string& rows, const std::string& loops, const std::string& fetches) {
    return "Index Only Scan using i on t  (cost=0..1 rows=" + rows +
           " width=4) (actual time=0.1..9.0 rows=" + rows + " loops=" + loops +
           ")\n  Heap Fetches: " + fetches + "\n";
  };
  EXPECT_EQ(kinds(only("20000", "1", "15000")), Kinds{Kind::heap_fetches});
  EXPECT_EQ(kinds(only("1000", "200", "5000")), Kinds{}) << "fetches are a total, rows of a loop: 2.5 %";
  EXPECT_EQ(kinds(only("20000", "1", "0")), Kinds{});
}

TEST(Insight, NestedLoop) {
  const auto loop = [](const std::string& inner, const std::string& estimated) {
    return "Nested Loop  (cost=0..1 rows=9000 width=4) (actual time=0.1..90.0 rows=9000 loops=1)\n"
           "  ->  Seq Scan on t  (cost=0..1 rows=" +
           estimated + " width=4) (actual time=0.1..1.0 rows=9000 loops=1)\n  ->  " + inner +
           "  (cost=0..1 rows=1 width=4) (actual time=0.001..0.008 rows=1 loops=9000)\n";
  };
  EXPECT_EQ(kinds(loop("Index Scan using i on u", "3")), (Kinds{Kind::nested_loop, Kind::misestimate}));
  EXPECT_EQ(kinds(loop("Memoize", "3")), Kinds{Kind::misestimate}) << "it remembers";
  EXPECT_EQ(kinds(loop("Index Scan using i on u", "8000")), Kinds{}) << "the planner knew";
}

// CTEs and InitPlans stand above what the node reads.
TEST(Insight, SubPlansAreNoInputs) {
  const std::string cte =
      "  CTE x\n    ->  Seq Scan on s  (cost=0..1 rows=20000 width=4) (actual time=0.1..5.0 rows=20000 "
      "loops=1)\n"
      "  InitPlan 2 (returns $1)\n    ->  Result  (cost=0..1 rows=1 width=4) (actual time=0.1..0.1 rows=1 "
      "loops=1)\n";
  const auto loop = [&](const std::string& above) {
    return "Nested Loop  (cost=0..1 rows=1 width=4) (actual time=0.1..90.0 rows=9000 loops=1)\n" + above +
           "  ->  Seq Scan on t  (cost=0..1 rows=3 width=4) (actual time=0.1..1.0 rows=9000 loops=1)\n  ->  "
           "Index "
           "Scan using i on u  (cost=0..1 rows=1 width=4) (actual time=0.001..0.008 rows=1 loops=9000)\n";
  };
  EXPECT_EQ(kinds(loop(cte)), kinds(loop("")));
  const auto page = [&](const std::string& above) {
    return "Limit  (cost=0..1 rows=10 width=4) (actual time=20.1..20.2 rows=10 loops=1)\n" + above +
           "  ->  Sort  (cost=0..1 rows=20000 width=4) (actual time=20.0..20.1 rows=10 loops=1)\n        ->  "
           "CTE Scan "
           "on x  (cost=0..1 rows=20000 width=4) (actual time=0.1..19.0 rows=20000 loops=1)\n";
  };
  EXPECT_EQ(kinds(page(cte)), Kinds{}) << "no OFFSET";
}

TEST(Insight, LargeOffset) {
  const auto page = [](const std::string& made, const std::string& returned) {
    return "Limit  (cost=0..1 rows=" + returned + " width=4) (actual time=0.1..9.0 rows=" + returned +
           " loops=1)\n  ->  Index Scan using i on t  (cost=0..1 rows=90000 width=4) (actual time=0.1..8.0 "
           "rows=" +
           made + " loops=1)\n";
  };
  EXPECT_EQ(kinds(page("50020", "20")), Kinds{Kind::large_offset});
  EXPECT_EQ(kinds(page("520", "20")), Kinds{});
  EXPECT_EQ(kinds(page("5000", "5000")), Kinds{}) << "a large page is no offset";
}

TEST(Insight, JitPlanningTriggers) {
  const std::string node =
      "Update on t  (cost=0..1 rows=0 width=0) (actual time=1.0..1.0 rows=0 loops=1)\n  ->  Seq Scan on t  "
      "(cost=0..1 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n";
  const auto whole = [&](const std::string& planning, const std::string& jit, const std::string& trigger) {
    return node + "Planning Time: " + planning + " ms\nTrigger for constraint c on u: time=" + trigger +
           " calls=1\nJIT:\n  Functions: 4\n  Timing: Generation 1.0 ms, Total " + jit +
           " ms\nExecution Time: 100.0 ms\n";
  };
  EXPECT_EQ(kinds(whole("1.0", "30.0", "1.0")), Kinds{Kind::jit});
  EXPECT_EQ(kinds(whole("101.0", "3.0", "1.0")), Kinds{Kind::planning});
  EXPECT_EQ(kinds(whole("1.0", "3.0", "10.0")), Kinds{Kind::trigger});
  EXPECT_EQ(kinds(whole("99.0", "29.0", "9.0")), Kinds{});
}

}  // namespace
}  // namespace pgadvise::plan
