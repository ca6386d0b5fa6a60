// pgadvise explain against a server: what is run, what is planned only, and what is refused.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
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

TEST(Explain, HasThePlansWithoutAndWithTheIndex) {
  live::Database database;
  database.run(
      "CREATE EXTENSION hypopg; CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT g, g % 5000 "
      "FROM generate_series(1, 100000) g; ANALYZE");
  const Ran ran =
      run("explain 'SELECT a FROM t WHERE b = 4711' --format json --db " + quoted(database.conninfo()));
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << ran.err;
  ASSERT_EQ(json["plans"].size(), 2u) << ran.out;
  EXPECT_EQ(json["plans"][0]["kind"], "explained");
  EXPECT_EQ(json["plans"][1]["kind"], "what-if");
  EXPECT_EQ(json["plans"][1]["before"], json["plans"][0]["id"]);
  EXPECT_LT(json["plans"][1]["total_cost"].get<double>(), json["plans"][0]["total_cost"].get<double>());
  EXPECT_FALSE(has(json["plans"].dump(), "4711")) << "no literals";
}

TEST(Explain, NamesItsFindingsByTheirShortIds) {
  live::Database database;
  database.run(
      "CREATE EXTENSION hypopg; CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT g, g % 5000 "
      "FROM generate_series(1, 100000) g; ANALYZE");
  const std::string explain = "explain 'SELECT a FROM t ORDER BY b DESC LIMIT 10' --db ";
  const Ran ran = run(explain + quoted(database.conninfo()));
  const auto begin = ran.out.find("warning sequential-scan:");
  ASSERT_NE(begin, std::string::npos) << ran.out;
  const std::string id = ran.out.substr(begin + 8, ran.out.find(' ', begin + 8) - begin - 8);
  EXPECT_TRUE(has(ran.out, "Apply the fix of " + id + ":")) << ran.out;
  const Ran json = run(explain + quoted(database.conninfo()) + " --format json");
  EXPECT_TRUE(has(json.out, "\"" + id + "\"")) << json.out;
}

TEST(Explain, NeedsADatabaseOrAPlan) {
  EXPECT_EQ(run("explain 'SELECT 1'").exit_code, 2);
  EXPECT_EQ(run("explain").exit_code, 2);
  EXPECT_EQ(run("explain 'SELECT 1' --db 'host=/nowhere dbname=x'").exit_code, 3);
}

}  // namespace
}  // namespace pgadvise
