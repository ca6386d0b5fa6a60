// check on several connections to a database: how many there are, that they find what one finds, and that all
// end.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <regex>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "live/support.h"
#include "pg/plans/plan_source.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Six statements of some tenths of a second each.
const std::vector<std::string> slow = {"count(*)", "count(p.x)", "max(p.x)",
                                       "min(q.x)", "sum(p.x)",   "avg(q.x)"};

std::string log_of(const std::vector<std::string>& statements) {
  std::string out;
  for (std::size_t at = 0; at < statements.size(); ++at)
    out += "2026-03-01 10:00:" + std::to_string(10 + at) +
           ".100 UTC [101] LOG:  duration: 900.000 ms  statement: " + statements[at] + "\n";
  return out;
}

class CheckConnections : public testing::Test {
 protected:
  CheckConnections() {
    database_.run(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', "
        "current_database()); END $$;"
        "CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 2000); CREATE EXTENSION hypopg; "
        "ANALYZE");
    std::vector<std::string> statements;
    for (const auto& output : slow)
      statements.push_back("select " + output + " from a p join a q on p.x + q.x > 0 where p.x <> 3");
    log_ = folder_.write("a.log", log_of(statements));
  }

  // In the background.
  void start(std::vector<std::string> more) {
    std::vector<std::string> words = {
        "pgadvise", "check", "--db", database_.conninfo(),        "--log",     log_,
        "--format", "json",  "-o",   folder_.path("report.json"), "--fail-on", "never"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string errors = folder_.path("errors");
    child_ = fork();
    if (child_ != 0) return;
    std::signal(SIGINT, SIG_DFL);  // a background job's is ignored
    if (std::freopen(errors.c_str(), "w", stderr)) execv(testing_support::program, arguments.data());
    _exit(127);
  }
  void interrupt() const { kill(child_, SIGINT); }
  void again() { status_.reset(); }
  bool ended() {
    if (!status_)
      if (int status = 0; waitpid(child_, &status, WNOHANG) == child_) status_ = status;
    return status_.has_value();
  }
  // The exit code.
  int wait() {
    while (!ended()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1;
  }
  std::string report() const { return read_file(folder_.path("report.json")).value_or(""); }
  std::string errors() const { return read_file(folder_.path("errors")).value_or(""); }
  nlohmann::json plans() const { return nlohmann::json::parse(report(), nullptr, false)["run"]["plans"]; }

  int running() {
    return std::stoi(database_.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
        "'pgadvise' AND pid <> pg_backend_pid() AND query LIKE 'EXPLAIN (ANALYZE%' AND state = 'active'"));
  }
  // Until so many run, or the program has ended.
  int wait_for(int wanted) {
    int most = 0;
    while (most < wanted && !ended()) {
      most = std::max(most, running());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return most;
  }
  // Backends end a little after their clients.
  std::string left() {
    std::string count;
    for (int tries = 0; tries < 200 && count != "0"; ++tries) {
      if (tries) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      count = database_.value(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
          "'pgadvise' AND pid <> pg_backend_pid()");
    }
    return count;
  }

  live::Database database_;
  const Folder folder_;
  std::string log_;

 private:
  pid_t child_ = 0;
  std::optional<int> status_;
};

TEST_F(CheckConnections, AreAsManyAsJobsSays) {
  start({"-j", "3"});
  EXPECT_EQ(wait_for(3), 3);
  EXPECT_EQ(wait(), 0) << errors();
  EXPECT_EQ(plans()["run"], 6) << report();
  EXPECT_EQ(left(), "0");
}

TEST_F(CheckConnections, IsOneUnlessAskedForMore) {
  start({"-v"});
  EXPECT_EQ(wait_for(2), 1);
  EXPECT_EQ(wait(), 0);
  EXPECT_TRUE(has(errors(), "requested plans on 1 connection\n")) << errors();
  EXPECT_EQ(plans()["run"], 6);
}

TEST_F(CheckConnections, AreNoMoreThanHalfOfWhatIsFree) {
  database_.run(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 5', current_database()); END $$");
  start({"-v", "-j", "9"});
  EXPECT_EQ(wait(), 0);
  EXPECT_TRUE(has(errors(), "requested plans on 2 connections\n"))
      << errors();  // two are there, three are free
}

// Our own server has nobody else to serve.
TEST_F(CheckConnections, OnASandboxAreOneForEachProcessor) {
  const auto schema = folder_.write("schema.sql", "CREATE TABLE a (x int);");
  const auto expected = std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
  const auto told =
      "requested plans on " + std::to_string(expected) + " connection" + (expected == 1 ? "\n" : "s\n");
  const std::string check = "check --sandbox --schema " + testing_support::quoted(schema) + " --log " +
                            testing_support::quoted(log_) + " -v --fail-on never";
  const Ran ran = run(check);
  EXPECT_TRUE(has(ran.err, told)) << ran.err;
  EXPECT_TRUE(has(run(check + " -j 1").err, "requested plans on 1 connection\n"));
}

// Keys that are looked up, statements with and without values, what is refused, and what breaks.
TEST_F(CheckConnections, FindTheSameHoweverManyTheyAre) {
  database_.run(
      "CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers SELECT g, 'n' || g FROM "
      "generate_series(1, 3000) g;"
      "CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, agent_id int "
      "REFERENCES customers, parent_id int REFERENCES orders, status text NOT NULL,"
      " placed_at timestamptz NOT NULL, data text);"
      "INSERT INTO orders SELECT g, 1 + g % 3000, 1 + g % 3000, NULL, CASE WHEN g % 100 = 0 THEN 'waiting' "
      "ELSE 'done' END, '2026-01-01'::timestamptz + g * interval '1 min',"
      " '{\"a\": ' || g || '}' FROM generate_series(1, 60000) g;"
      "CREATE TABLE small (id int PRIMARY KEY, order_id int REFERENCES orders); CREATE FUNCTION own(int) "
      "RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ANALYZE");
  const auto log = folder_.write(
      "b.log",
      log_of({"select id from orders where customer_id = 7 order by placed_at desc limit 20",
              "select id from orders where status = 'waiting'",
              "select * from orders where agent_id = 12 and id > 5",
              "select count(*) from orders where own(id) = 3", "select id from nowhere where id = 3",
              "select id, data from orders order by data, placed_at",
              "select 1 / (id - id) from orders where customer_id = 9",
              "update orders set data = 'z' where status = 'waiting'",
              "select o.id from orders o join customers c on c.id = o.customer_id where c.name = 'n7'"}));
  const auto told = [&](const std::string& more) {
    const Ran ran = run("check --db " + testing_support::quoted(database_.conninfo()) + " --log " +
                        testing_support::quoted(log) + " --format json --fail-on never" + more);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    auto report = nlohmann::json::parse(ran.out, nullptr, false);
    const auto plans = report["run"]["plans"];
    EXPECT_GE(plans["run"].get<int>(), 5) << ran.out;
    report.erase("run");
    report.erase("tables");             // the statistics count this test's own scans
    for (auto& plan : report["plans"])  // measured
      for (const auto* member : {"duration_ms", "json", "insights"}) plan.erase(member);
    static const std::regex measured("[0-9.]+ ms|[0-9]+ % of the time|[0-9,]+ pages");
    return std::regex_replace(report.dump(1), measured, "…") + ran.err + plans["planned"].dump() + " " +
           plans["run"].dump();
  };
  const std::string one = told("");
  for (const auto* word :
       {"unindexed-foreign-key", "sequential-scan", "sort-without-index", "confirmed", "refuted"})
    EXPECT_TRUE(has(one, word)) << word << one;
  EXPECT_EQ(told(" -j 1"), one);
  EXPECT_EQ(told(" -j 2"), one);
  EXPECT_EQ(told(" -j 5"), one);
  EXPECT_EQ(left(), "0");
}

TEST_F(CheckConnections, ShareTheTimeForAnalyze) {
  start({"-j", "3", "--max-analyze-time", "0.3"});
  EXPECT_EQ(wait(), 0);
  EXPECT_EQ(plans()["planned"], 6);
  EXPECT_LT(plans()["run"], 6) << report();
  EXPECT_TRUE(has(errors(), "planned but not run: EXPLAIN ANALYZE used up its 0.3 seconds")) << errors();
}

TEST_F(CheckConnections, AreAllCancelledByCtrlC) {
  database_.run("INSERT INTO a SELECT generate_series(2001, 10000); ANALYZE a");
  start({"-j", "3"});
  ASSERT_EQ(wait_for(3), 3);
  interrupt();
  EXPECT_EQ(wait(), 0) << errors();
  EXPECT_TRUE(has(report(), "interrupted")) << report();
  EXPECT_EQ(plans()["run"], 3);
  EXPECT_EQ(left(), "0");
}

TEST_F(CheckConnections, GoOnWithoutOneThatIsLost) {
  for (const std::string which : {"max", "min"}) {  // a further one, and the first
    start({"-j", "3"});
    ASSERT_EQ(wait_for(3), 3);
    (void)database_.value(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_start = (SELECT " + which +
        "(backend_start) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
        "'pgadvise' AND pid <> pg_backend_pid())");
    EXPECT_EQ(wait(), 0) << errors();
    EXPECT_TRUE(has(errors(),
                    "1 of 3 connections was lost, pgadvise continued with the others: the server closed the "
                    "connection: terminating connection due to administrator command"))
        << errors();
    EXPECT_EQ(plans()["run"], 6) << report();
    EXPECT_EQ(left(), "0");
    again();
  }
}

TEST_F(CheckConnections, EndWithTheServer) {
  start({"-j", "3"});
  ASSERT_EQ(wait_for(3), 3);
  (void)database_.value(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
      "application_name = 'pgadvise' AND pid <> pg_backend_pid()");
  EXPECT_EQ(wait(), 3) << errors();
  EXPECT_TRUE(has(errors(), "the server closed the connection")) << errors();
  EXPECT_FALSE(has(errors(), "connections was lost")) << errors();
  EXPECT_LE(plans()["run"], 3);
}

// As whom statements are planned holds on each connection.
TEST_F(CheckConnections, ActAsTheRole) {
  const auto lodger = database_.create_role("lodger", "NOLOGIN");
  database_.run(
      "CREATE SCHEMA app; CREATE TABLE app.notes (id int, tenant_id int); INSERT INTO app.notes"
      " SELECT g, g % 1000 FROM generate_series(1, 60000) g; ALTER TABLE app.notes ENABLE ROW LEVEL "
      "SECURITY; CREATE POLICY own ON app.notes USING (tenant_id = 7);"
      " GRANT USAGE ON SCHEMA app TO " +
      lodger + "; GRANT SELECT ON app.notes TO " + lodger + "; ANALYZE");
  auto first = database_.connect();
  first.set_session({lodger, "app"});
  const auto own = pg::make_plan_source(first);
  ASSERT_TRUE(own) << own.error().line();
  const auto more = pg::more_plan_sources(first, database_.conninfo(), 2);
  ASSERT_EQ(more.size(), 2u);
  for (const auto& source : more) {
    const auto plan = source->explain({.sql = "SELECT * FROM notes", .parameters = {}, .analyze = true});
    ASSERT_TRUE(plan) << plan.error().line();
    EXPECT_EQ(plan->root.actual_rows, 60) << "what the policy lets through";
  }
  EXPECT_EQ(pg::more_plan_sources(first, "host=/nowhere dbname=x", 2).size(), 0u);
}

}  // namespace
}  // namespace pgadvise
