// Plans of every kind, made here and now: self times are never below nothing and add up to the root's.
#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>

#include "live/support.h"
#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "plan/read/title.h"

namespace pgadvise {
namespace {

struct Case {
  const char* what;
  const char* node;  // that the plan must have: a part of a title, or of a sub-plan's name
  std::string settings;
  std::string sql;
};

const std::string parallel =
    "SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL parallel_setup_cost = 0; SET LOCAL "
    "parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;";

const Case cases[] = {
    {"parallel scan", "Gather", parallel, "SELECT count(*) FROM t WHERE b < 500"},
    {"parallel sort", "Gather Merge", parallel, "SELECT * FROM t WHERE b < 500 ORDER BY c"},
    {"parallel join", "Parallel Hash", parallel, "SELECT count(*) FROM t JOIN u ON u.a = t.b"},
    {"InitPlan", "InitPlan", "",
     "SELECT * FROM t WHERE b = (SELECT max(a) % 7 FROM u) AND a > (SELECT min(a) FROM u)"},
    {"InitPlan above workers", "InitPlan", parallel,
     "SELECT count(*) FROM t WHERE b > (SELECT avg(b) FROM t)"},
    {"CTE read twice", "CTE Scan", "",
     "WITH x AS MATERIALIZED (SELECT b, count(*) n FROM t GROUP BY b) SELECT count(*) FROM x p JOIN x q ON "
     "q.n = p.n AND q.b < 40"},
    {"recursive CTE", "Recursive Union", "",
     "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000) SELECT sum(n) FROM r"},
    {"CTE not read to its end", "CTE Scan", "",
     "WITH x AS MATERIALIZED (SELECT * FROM t) SELECT * FROM x LIMIT 3"},
    {"JIT", "Seq Scan",
     "SET LOCAL jit = on; SET LOCAL jit_above_cost = 0; SET LOCAL jit_inline_above_cost = 0; SET LOCAL "
     "jit_optimize_above_cost = 0;",
     "SELECT sum(b * 2 + a) FROM t WHERE b % 3 = 1"},
    {"triggers", "Insert", "",
     "INSERT INTO child SELECT g, 1 + g % 90 FROM generate_series(100001, 102000) g"},
    {"cascades", "Delete", "", "DELETE FROM u WHERE a > 60"},
    {"Memoize", "Memoize",
     "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off;",
     "SELECT count(*) FROM t JOIN u ON u.a = t.b % 80"},
    {"Append of partitions", "Append", "", "SELECT count(*) FROM p WHERE k < 150"},
    {"partitions pruned at run time", "never", "", "SELECT count(*) FROM p WHERE k = (SELECT 7)"},
    {"never executed", "never", "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;",
     "SELECT * FROM t JOIN u ON u.a = t.b WHERE t.c = 'no such'"},
    {"SubPlan in the output", "SubPlan", "",
     "SELECT a, (SELECT count(*) FROM u WHERE u.a < t.b % 50) FROM t WHERE a < 500"},
    {"hashed SubPlan", "SubPlan", "", "SELECT count(*) FROM t WHERE b NOT IN (SELECT a FROM u)"},
    {"lateral", "Nested Loop", "",
     "SELECT * FROM u, LATERAL (SELECT * FROM t WHERE t.b = u.a ORDER BY c LIMIT 3) x"},
    {"window", "WindowAgg", "", "SELECT a, row_number() OVER (PARTITION BY b ORDER BY a) FROM t"},
    {"set operations", "SetOp", "", "SELECT b FROM t EXCEPT SELECT a FROM u"},
    {"spilling", "Sort", "SET LOCAL work_mem = '64kB';",
     "SELECT b, count(*) FROM (SELECT * FROM t ORDER BY c, a) x GROUP BY b"},
    {"bitmaps", "BitmapOr", "SET LOCAL enable_seqscan = off;", "SELECT * FROM t WHERE a < 50 OR a > 29900"},
};

constexpr const char* schema =
    "CREATE TABLE t (a int PRIMARY KEY, b int, c text); INSERT INTO t SELECT g, g % 1000, md5(g::text) FROM "
    "generate_series(1, 30000) g;"
    "CREATE TABLE u (a int PRIMARY KEY); INSERT INTO u SELECT generate_series(1, 90);"
    "CREATE TABLE child (id int, u int REFERENCES u ON DELETE CASCADE); INSERT INTO child SELECT g, 1 + g % "
    "90 FROM generate_series(1, 20000) g;"
    "CREATE TABLE p (k int, v text) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM "
    "(0) TO (100);"
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200); CREATE TABLE p3 PARTITION OF p FOR "
    "VALUES FROM (200) TO (300);"
    "INSERT INTO p SELECT g % 300, 'v' FROM generate_series(1, 9000) g; ANALYZE";

class GeneratedPlans : public testing::TestWithParam<Case> {
 protected:
  // All in one transaction that is rolled back: some of them write.
  std::string explain(const Case& one, const std::string& options) {
    pg::Connection connection = database_.connect();
    EXPECT_TRUE(connection.run_script("BEGIN;" + one.settings));
    const auto rows = connection.query("EXPLAIN (ANALYZE, BUFFERS, " + options + ") " + one.sql);
    EXPECT_TRUE(rows) << one.what << ": " << (rows ? "" : rows.error().line());
    std::string out;
    if (rows)
      for (const auto& row : *rows) out += row[0].value_or("") + "\n";
    (void)connection.query("ROLLBACK");
    return out;
  }

  static void hold(const Case& one, const std::string& text, bool per_worker) {
    Diagnostics incomplete;
    const auto plan = plan::read(text, incomplete);
    ASSERT_TRUE(plan) << one.what << "\n" << text;
    EXPECT_TRUE(incomplete.empty()) << one.what << ": " << incomplete.front().what << "\n" << text;
    bool found = false;
    visit(plan->root, [&](const PlanNode& node) {
      found |= plan::title(node).find(one.node) != std::string::npos ||
               node.subplan.find(one.node) != std::string::npos ||
               (std::string(one.node) == "never" && node.never_executed);
    });
    EXPECT_TRUE(found) << one.what << " has no " << one.node << "\n" << text;
    const auto times = plan::self_times(*plan);
    ASSERT_FALSE(times.nodes.empty());
    double sum = 0;
    for (const auto& time : times.nodes) {
      EXPECT_GE(time.self_ms, 0) << one.what << ": " << plan::title(*time.node);
      if (time.node->never_executed) {
        EXPECT_EQ(time.self_ms, 0) << one.what;
      }
      sum += time.self_ms;
    }
    EXPECT_NEAR(sum, times.nodes[0].total_ms, 1e-6 * std::max(1.0, times.nodes[0].total_ms))
        << one.what << (per_worker ? "" : " without the workers' figures") << "\n"
        << text;
    EXPECT_NEAR(times.nodes[0].total_ms, *plan->root.actual_total_ms, 1e-9) << one.what;
    EXPECT_GE(times.outside_ms, 0);
    for (const auto& insight : plan::insights(*plan, times, nullptr))
      if (insight.node) {
        EXPECT_FALSE(insight.node->never_executed) << one.what << ": " << insight.text;
      }
  }

  live::Database database_{schema};
};

TEST_P(GeneratedPlans, SelfTimesAddUp) {
  const Case& one = GetParam();
  hold(one, explain(one, "VERBOSE, FORMAT JSON"), true);
  hold(one, explain(one, "FORMAT JSON"), false);
  hold(one, explain(one, "VERBOSE, FORMAT TEXT"), true);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string out = info.param.what;
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return out;
}

INSTANTIATE_TEST_SUITE_P(Kinds, GeneratedPlans, testing::ValuesIn(cases), case_name);

}  // namespace
}  // namespace pgadvise
