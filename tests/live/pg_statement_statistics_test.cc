// pg_stat_statements of a server that was started with it, in all versions of the extension that can be
// installed there.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "live/own_server.h"
#include "live/support.h"
#include "log/lines/provenance.h"
#include "log/workload/workload_file.h"
#include "pg/catalog/statement_statistics.h"
#include "pg/plans/plan_source.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise {
namespace {

using Server = live::OwnServer;

const Query* find(const Workload& workload, const std::string& part) {
  for (const auto& query : workload.queries)
    if (query.text.find(part) != std::string::npos) return &query;
  return nullptr;
}

Workload read(pg::Connection& connection, Diagnostics& diagnostics) {
  auto workload = pg::read_statement_statistics(connection, pg::StatementScope::server, diagnostics);
  if (!workload) {
    ADD_FAILURE() << workload.error().line();
    return {};
  }
  EXPECT_FALSE(connection.in_transaction());
  return std::move(*workload);
}

TEST(PgStatementStatistics, ReadsEveryVersionOfTheExtension) {
  const Server server;
  if (!server.started()) GTEST_SKIP() << "no server with pg_stat_statements can be started";
  auto admin = server.connect();
  ASSERT_TRUE(
      admin.run_script("CREATE SCHEMA \"Odd one\"; CREATE ROLE reader LOGIN; CREATE TABLE t (id int);"));
  for (const char* version : {"1.7", "1.8", "1.9", "1.10"}) {
    ASSERT_TRUE(
        admin.run_script(fmt::format("DROP EXTENSION IF EXISTS pg_stat_statements; CREATE EXTENSION "
                                     "pg_stat_statements VERSION '{}' SCHEMA \"Odd one\";"
                                     "SELECT \"Odd one\".pg_stat_statements_reset();",
                                     version)));
    ASSERT_TRUE(admin.run_script(
        "SELECT count(*) FROM t WHERE id = 4711; SELECT count(*)  FROM t WHERE id = 4712; INSERT INTO t "
        "SELECT generate_series(1, 10);"
        "DO $$ BEGIN PERFORM id FROM t WHERE id = 5; END $$; ALTER ROLE reader PASSWORD 'hidden-secret';"));
    Diagnostics diagnostics;
    const Workload workload = read(admin, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.front().line();
    const Query* select = find(workload, "SELECT count(*) FROM t WHERE id = $1");
    ASSERT_TRUE(select) << version;
    EXPECT_EQ(select->calls, 2u);
    EXPECT_EQ(select->rows, 2u);
    EXPECT_EQ(select->rows_calls, 2u);
    EXPECT_GT(select->total_ms, 0);
    EXPECT_GE(select->max_ms, select->min_ms);
    EXPECT_EQ(select->users, std::set<std::string>{"postgres"});
    EXPECT_EQ(select->databases, std::set<std::string>{"postgres"});
    EXPECT_EQ(find(workload, "INSERT INTO t")->rows, 10u);
    EXPECT_EQ(find(workload, "id FROM t WHERE") == nullptr,
              std::string(version) == "1.9" || std::string(version) == "1.10")
        << "part of its function's time, where that is told";
    const std::string file = log::to_workload_file({workload}, true);
    EXPECT_EQ(file.find("hidden-secret"), std::string::npos);
    EXPECT_EQ(testing_support::violations("workload.schema.json", nlohmann::json::parse(file)), "");
    // A later reading holds the earlier one; a reset begins another.
    ASSERT_TRUE(admin.run_script("SELECT count(*) FROM t WHERE id = 4713"));
    const Workload later = read(admin, diagnostics);
    EXPECT_TRUE(log::holds(later.sources[0].identity, workload.sources[0].identity)) << version;
    EXPECT_FALSE(log::holds(workload.sources[0].identity, later.sources[0].identity));
    // What belongs to others is hidden, and said to be.
    auto reader = server.connect("reader");
    ASSERT_TRUE(admin.run_script("GRANT USAGE ON SCHEMA \"Odd one\" TO reader"));
    const Workload seen = read(reader, diagnostics);
    EXPECT_FALSE(find(seen, "FROM t"));
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_NE(diagnostics[0].line().find("statements (GRANT pg_read_all_stats makes them visible)"),
              std::string::npos)
        << diagnostics[0].line();
  }
  // The whole program: the report, the file, and check over the file.
  const std::string db = " --db " + testing_support::quoted(server.conninfo());
  const auto text = testing_support::run("digest" + db);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("INSERT INTO t"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find(" rows"), std::string::npos) << text.out;
  EXPECT_EQ(text.out.find("pg_depend"), std::string::npos) << "of the readings before" << text.out;
  const testing_support::Folder folder;
  EXPECT_EQ(testing_support::run("digest" + db + " -o " + folder.path("w.json")).exit_code, 0);
  ASSERT_TRUE(admin.run_script("INSERT INTO t SELECT generate_series(1, 200000); ANALYZE t"));
  const auto check =
      testing_support::run("check --workload " + folder.path("w.json") + db + " --fail-on never");
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_NE(check.out.find("read pg_stat_statements"), std::string::npos) << check.out;
  // Without a log or a file it is the workload: of this database, and of no other.
  ASSERT_TRUE(admin.run_script("CREATE DATABASE another"));
  auto another = pg::Connection::open(server.conninfo("another"));
  ASSERT_TRUE(another && another->run_script("CREATE TABLE elsewhere (id int); SELECT * FROM elsewhere"));
  const auto live = testing_support::run("check" + db + " --fail-on never");
  EXPECT_EQ(live.exit_code, 0) << live.err;
  EXPECT_NE(live.out.find("read pg_stat_statements"), std::string::npos) << live.out;
  EXPECT_NE(live.out.find(" planned, "), std::string::npos) << live.out;
  EXPECT_EQ(live.out.find("elsewhere"), std::string::npos) << live.out;
}

TEST(PgStatementStatistics, LeavesOutTheSamplesThatPgadviseTakes) {
  const Server server;
  if (!server.started()) GTEST_SKIP() << "no server with pg_stat_statements can be started";
  auto admin = server.connect();
  ASSERT_TRUE(admin.run_script(
      "CREATE EXTENSION pg_stat_statements; CREATE TABLE t (n int); INSERT INTO t VALUES (1)"));
  const auto source = pg::make_plan_source(admin);
  ASSERT_TRUE(source);
  const std::string sample = "SELECT x.n FROM public.t x WHERE x.n > 0 LIMIT 3";
  EXPECT_TRUE((*source)->dependencies(sample, plan::Names::catalog));
  EXPECT_TRUE((*source)->values(sample));
  Diagnostics diagnostics;
  const Workload workload = read(admin, diagnostics);
  EXPECT_TRUE(find(workload, "INSERT INTO t"));
  EXPECT_FALSE(find(workload, "FROM public.t x"));
}

TEST(PgStatementStatistics, WhatIsMissingIsOneLine) {
  live::Database database;
  const std::string db = "digest --db " + testing_support::quoted(database.conninfo());
  auto ran = testing_support::run(db);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("pg_stat_statements is not installed in this database (run CREATE EXTENSION"),
            std::string::npos)
      << ran.err;
  database.run("CREATE EXTENSION pg_stat_statements");
  ran = testing_support::run(db);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("the server was started without it (set shared_preload_libraries"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  // Somebody's view of that name is not the extension's.
  database.run(
      "DROP EXTENSION pg_stat_statements; CREATE VIEW pg_stat_statements AS SELECT pg_sleep(100)::text AS "
      "query");
  EXPECT_NE(testing_support::run(db).err.find("not installed"), std::string::npos);
  EXPECT_EQ(testing_support::run("digest --db postgresql://joe:secret-password@127.0.0.1:1/shop").exit_code,
            3);
}

}  // namespace
}  // namespace pgadvise
