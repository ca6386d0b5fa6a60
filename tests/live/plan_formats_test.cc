// Generated statements, explained by a server in each format: what text tells is what JSON tells.
#include <gtest/gtest.h>

#include "live/support.h"
#include "plan/read/reader.h"
#include "support/plan_lines.h"

namespace pgadvise {
namespace {

constexpr const char* schema =
    "CREATE TABLE t (a int PRIMARY KEY, b int, c text); INSERT INTO t SELECT g, g % 1000, md5(g::text) FROM "
    "generate_series(1, 5000) g;"
    "CREATE TABLE u (a int PRIMARY KEY); INSERT INTO u SELECT generate_series(1, 90);"
    "CREATE TABLE \"Odd \"\"name\" (\"it's\" int, note text); CREATE INDEX \"by Note\" ON \"Odd \"\"name\" "
    "(note);"
    "CREATE TABLE p (k int, v text) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM "
    "(0) TO (100); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);"
    "INSERT INTO p SELECT g % 200, 'v' FROM generate_series(1, 900) g; ANALYZE";

const std::string outputs[] = {
    "x.a", "x.a, (SELECT count(*) FROM u WHERE u.a < x.b % 50)",
    "(SELECT max(b) FROM t WHERE t.a = x.a), (SELECT min(b) FROM t WHERE t.a > x.a)",
    "x.a, EXISTS (SELECT FROM p WHERE p.k = x.b AND p.v IN (SELECT c FROM t))"};

const std::string sources[] = {
    "t x",
    "t x JOIN u USING (a)",
    "t x LEFT JOIN \"Odd \"\"name\" o ON o.\"it's\" = x.b AND o.note = 'it''s \"'",
    "(SELECT k AS a, k % 7 AS b, v AS c FROM p) x",
    "u, LATERAL (SELECT * FROM t WHERE t.b = u.a ORDER BY c LIMIT 3) x",
    "(SELECT a, b, c FROM t UNION ALL SELECT k, (SELECT min(a) FROM u), v FROM p) x",
    "(WITH m AS MATERIALIZED (SELECT b, count(*) AS n FROM t GROUP BY b) SELECT m.n::int AS a, m.b, 'x' AS c "
    "FROM "
    "m JOIN m n ON n.n = m.n AND n.b < (SELECT max(n) FROM m)) x",
    "(SELECT a, b, c FROM t EXCEPT SELECT k, k, v FROM p) x",
    "(SELECT g AS a, g % 3 AS b, 'x' AS c FROM generate_series(1, 9) g) x"};

const std::string conditions[] = {"", " WHERE x.b NOT IN (SELECT a FROM u)",
                                  " WHERE x.b > (SELECT min(a) FROM u) AND x.c <> E'line\\nend -> (\"'",
                                  " WHERE x.a < 40 OR EXISTS (SELECT FROM u WHERE u.a = x.b)"};

const std::string endings[] = {"", " ORDER BY (SELECT count(*) FROM u WHERE u.a = x.b), 1 LIMIT 3",
                               " GROUP BY GROUPING SETS ((x.a, x.b), (x.b), ())"};

const std::string settings[] = {
    "",
    "SET enable_hashjoin = off; SET enable_hashagg = off; SET enable_material = off; SET enable_seqscan = "
    "off;",
    "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET "
    "enable_nestloop = off;"};

// What the parts above don't make.
const std::string others[] = {
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT a FROM t WHERE b = 3 OR a = 4 OR a BETWEEN 6 AND (SELECT min(a) FROM u)",
    "SELECT max(a), min(c) FROM t",
    "SELECT * FROM generate_series(1, 10) g WHERE NOT EXISTS (SELECT FROM t WHERE a = g)",
    "SELECT a, row_number() OVER (PARTITION BY b ORDER BY c DESC NULLS LAST, lower(c)) FROM t",
    "SELECT a FROM t EXCEPT ALL SELECT a FROM u",
    "SELECT note FROM \"Odd \"\"name\" ORDER BY note DESC LIMIT 1",
    "SELECT * FROM t TABLESAMPLE BERNOULLI (3) WHERE a = ANY (ARRAY[1, 2]) FOR UPDATE",
    "SELECT * FROM (VALUES (1, 'x'), (2, E'a\\nb')) v (a, b) JOIN t USING (a)",
    "UPDATE t SET c = (SELECT max(v) FROM p WHERE k = t.b) FROM u WHERE u.a = t.a AND u.a < 3",
    "INSERT INTO t SELECT a + 100000, 1, 'x' FROM u ON CONFLICT DO NOTHING RETURNING (SELECT count(*) FROM "
    "u)",
    "DELETE FROM p WHERE k IN (SELECT a FROM u WHERE a > (SELECT avg(b) FROM t))",
    "WITH d AS (DELETE FROM u WHERE a < 3 RETURNING a) SELECT count(*) FROM d JOIN t USING (a)"};

class Server {
 public:
  explicit Server(const live::Database& database) : connection_(database.connect()) {}

  void set(const std::string& commands) { EXPECT_TRUE(connection_.run_script("RESET ALL; " + commands)); }

  // "" when the server doesn't plan the statement.
  std::string explain(const std::string& options, const std::string& statement) {
    const auto rows = connection_.query("EXPLAIN (" + options + ") " + statement);
    std::string out;
    if (rows)
      for (const auto& row : *rows) out += row[0].value_or("") + "\n";
    return out;
  }

 private:
  pg::Connection connection_;
};

std::vector<std::string> lines_of(const std::string& text) {
  Diagnostics incomplete;
  const auto plan = plan::read(text, incomplete);
  EXPECT_TRUE(plan) << text;
  if (!plan) return {};
  for (const auto& warning : incomplete) ADD_FAILURE() << warning.what << "\n" << text;
  return testing_support::plan_lines(*plan);
}

TEST(PlanFormatsOfAServer, AreReadAsTheSameTree) {
  live::Database database(schema);
  Server server(database);
  int planned = 0, sub_plans = 0;
  const auto hold = [&](const std::string& statement) {
    const std::string options = ++planned % 2 ? "VERBOSE" : "COSTS";
    const auto json = server.explain(options + ", FORMAT JSON", statement);
    ASSERT_NE(json, "") << "not planned: " << statement;
    const auto expected = lines_of(json);
    for (const std::string format : {"TEXT", "YAML", "XML"})
      ASSERT_EQ(lines_of(server.explain(options + ", FORMAT " + format, statement)), expected)
          << format << ": " << statement << "\n"
          << server.explain(options, statement);
    for (const auto& line : expected)
      if (line.find("SubPlan ") != std::string::npos) ++sub_plans;
  };
  for (const auto& setting : settings) {
    server.set(setting);
    for (const auto& statement : others) hold(statement);
    for (const auto& output : outputs)
      for (const auto& source : sources)
        for (const auto& condition : conditions)
          for (const auto& ending : endings) {
            const bool grouped = ending.starts_with(" GROUP");
            if (grouped && &output != &outputs[0]) continue;
            hold("SELECT " + (grouped ? "count(*)" : output) + " FROM " + source + condition + ending);
          }
  }
  EXPECT_GT(planned, 500);
  EXPECT_GT(sub_plans, 500);
}

// With rows and loops; without times, which differ from run to run.
TEST(PlanFormatsOfAServer, AreReadAsTheSameTreeWhereTheStatementRan) {
  live::Database database(schema);
  Server server(database);
  server.set("SET max_parallel_workers_per_gather = 0");
  for (const auto& output : outputs)
    for (const auto& source : {sources[1], sources[3], sources[5]}) {
      const std::string statement =
          "SELECT " + output + " FROM " + source + conditions[2] + " ORDER BY x.c LIMIT 40";
      const std::string options = "ANALYZE, TIMING OFF, BUFFERS, VERBOSE, FORMAT ";
      const auto expected = lines_of(server.explain(options + "JSON", statement));
      for (const std::string format : {"TEXT", "YAML", "XML"})
        EXPECT_EQ(lines_of(server.explain(options + format, statement)), expected) << statement;
    }
}

}  // namespace
}  // namespace pgadvise
