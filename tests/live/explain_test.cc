// pgadvise explain against a server: what is run, what is planned only, and what is refused.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "plan/reader.h"
#include "plan/title.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Explain, RunsWhatIsHarmlessAndPlansTheRest) {
  live::Database database;
  database.run(
      "CREATE TABLE marks (x int); CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT g, g % "
      "5000 FROM generate_series(1, 400000) g;"
      "CREATE FUNCTION touch(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO marks VALUES ($1); "
      "RETURN $1; END $$; ANALYZE");
  const auto explain = [&](const std::string& statement, const std::string& more = "") {
    return run("explain " + quoted(statement) + " --db " + quoted(database.conninfo()) + more);
  };
  const Ran found = explain("SELECT * FROM t WHERE b = 7");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_TRUE(has(found.out, "Seq Scan t") && has(found.out, "execution") &&
              has(found.out, "CREATE INDEX CONCURRENTLY"))
      << found.out;
  const Ran with_value = explain("SELECT * FROM t WHERE b = $1", " --param 7");
  EXPECT_TRUE(has(with_value.out, "execution")) << with_value.out;
  EXPECT_TRUE(has(explain("SELECT * FROM t WHERE b = $1").out, "Planned, not run")) << "no values, so no run";
  EXPECT_TRUE(has(explain("DELETE FROM t WHERE b = 7").out, "Planned, not run: it writes"));
  for (const std::string statement : {"SELECT touch(a) FROM t", "SELECT pg_sleep(60)", "SELECT 1; SELECT 2",
                                      "SELECT * FRO t", "CREATE TABLE u AS SELECT 1", ""}) {
    const Ran ran = explain(statement);
    EXPECT_EQ(ran.exit_code, 2) << statement << ran.out << ran.err;
    EXPECT_EQ(ran.out, "") << statement;
  }
  EXPECT_EQ(database.value("SELECT count(*) FROM marks"), "0");
  EXPECT_EQ(database.value("SELECT count(*) FROM t"), "400000");
  const auto json =
      nlohmann::json::parse(explain("SELECT * FROM t WHERE b = 7", " --format json").out, nullptr, false);
  ASSERT_TRUE(json.is_object() && json["insights"].size() == 1);
  EXPECT_EQ(json["insights"][0]["kind"], "slow-scan") << json.dump(1);
}

TEST(Explain, NeedsADatabaseOrAPlan) {
  EXPECT_EQ(run("explain 'SELECT 1'").exit_code, 2);
  EXPECT_EQ(run("explain").exit_code, 2);
  EXPECT_EQ(run("explain 'SELECT 1' --db 'host=/nowhere dbname=x'").exit_code, 3);
}

// The two forms of EXPLAIN's output are one plan.
TEST(Explain, TextAndJsonAreReadAlike) {
  live::Database database;
  database.run(
      "CREATE TABLE \"Parent Table\" (id int PRIMARY KEY, \"some Name\" text); CREATE TABLE child (id int "
      "PRIMARY KEY, parent int REFERENCES \"Parent Table\", at timestamptz);"
      "CREATE INDEX ON child (parent); CREATE INDEX \"by At\" ON child (at); INSERT INTO \"Parent Table\" "
      "SELECT g, g::text FROM generate_series(1, 2000) g;"
      "INSERT INTO child SELECT g, 1 + g % 2000, now() FROM generate_series(1, 30000) g; ANALYZE");
  const std::string statements[] = {
      "SELECT * FROM child c JOIN \"Parent Table\" p ON p.id = c.parent WHERE p.\"some Name\" LIKE '1%' "
      "ORDER BY c.at DESC LIMIT 5",
      "SELECT parent, count(*) FROM child GROUP BY parent HAVING count(*) > 3 ORDER BY 2",
      "WITH x AS MATERIALIZED (SELECT * FROM child WHERE id < 100) SELECT * FROM x a LEFT JOIN x b USING "
      "(parent) WHERE a.id > (SELECT min(id) FROM \"Parent Table\")",
      "SELECT id FROM child WHERE parent = 3 OR parent = 4",
      "SELECT * FROM generate_series(1, 10) g WHERE NOT EXISTS (SELECT FROM child WHERE id = g)",
      "SELECT id FROM child UNION SELECT id FROM \"Parent Table\"",
      "SELECT id FROM child EXCEPT ALL SELECT id FROM \"Parent Table\"",
      "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
      "SELECT max(at) FROM child",
      "UPDATE child SET at = now() FROM \"Parent Table\" p WHERE p.id = parent AND p.id < 3",
      "INSERT INTO child SELECT id + 100000, 1, now() FROM \"Parent Table\" ON CONFLICT DO NOTHING",
      "SELECT id, row_number() OVER (PARTITION BY parent ORDER BY at) FROM child",
  };
  for (const auto& statement : statements)
    for (const std::string settings : {"", "SET enable_hashjoin = off; SET enable_hashagg = off;",
                                       "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET "
                                       "min_parallel_table_scan_size = 0;"}) {
      database.run("RESET ALL; " + settings);
      const auto rows = database.admin().query("EXPLAIN (VERBOSE) " + statement);
      ASSERT_TRUE(rows) << statement;
      std::string text;
      for (const auto& row : *rows) text += row[0].value_or("") + "\n";
      const auto from_text = plan::read(text);
      const auto from_json = plan::read(database.value("EXPLAIN (VERBOSE, FORMAT JSON) " + statement));
      ASSERT_TRUE(from_text && from_json) << text;
      std::vector<std::string> a, b;
      visit(from_text->root, [&](const PlanNode& node) {
        a.push_back(plan::title(node) + " " + std::to_string(node.total_cost) + " " + node.filter +
                    node.index_condition + node.subplan);
      });
      visit(from_json->root, [&](const PlanNode& node) {
        b.push_back(plan::title(node) + " " + std::to_string(node.total_cost) + " " + node.filter +
                    node.index_condition + node.subplan);
      });
      EXPECT_EQ(a, b) << text;
    }
}

}  // namespace
}  // namespace pgadvise
