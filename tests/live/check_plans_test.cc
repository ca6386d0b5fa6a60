// What check makes of plans on a database: the rules on them, the budget, roles, and what is never shown.
#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/identifier.h"
#include "live/support.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string call(const std::string& sql, double ms, int times = 1) {
  static int second = 0;
  std::string out;
  for (int i = 0; i < times; ++i, ++second) {
    char line[64];
    std::snprintf(line, sizeof line, "2026-03-01 10:%02d:%02d.100 UTC [101] LOG:  duration: %.3f ms",
                  second / 60 % 60, second % 60, ms);
    out += std::string(line) + "  statement: " + replace_all(sql, "%i", std::to_string(i)) + "\n";
  }
  return out;
}

// Findings of a rule.
nlohmann::json findings(const Ran& ran, const std::string& rule) {
  nlohmann::json out = nlohmann::json::array();
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << ran.err;
  if (report.is_object())
    for (const auto& finding : report["findings"])
      if (finding["rule"] == rule) out.push_back(finding);
  return out;
}

const char* shop =
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', "
    "current_database()); END $$;"
    "CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, open boolean "
    "NOT NULL, placed_at timestamptz NOT NULL, note text);"
    "INSERT INTO orders SELECT g, CASE WHEN g % 2 = 0 THEN 7 ELSE g % 500 END, CASE WHEN g % 100 = 0 THEN "
    "'waiting-secret' ELSE 'done' END, g % 200 = 0,"
    " '2026-01-01'::timestamptz + g * interval '1 min', repeat('x', 60) FROM generate_series(1, 60000) g; "
    "CREATE INDEX ON orders (customer_id); ANALYZE orders;";

TEST(CheckPlans, ASortIsConfirmedAndItsIndexCosted) {
  live::Database database;
  database.run(shop);
  database.run("CREATE EXTENSION IF NOT EXISTS hypopg");
  const Folder folder;
  const auto log = folder.write(
      "a.log", call("select id from orders where customer_id = 7 order by placed_at desc limit 20", 30, 3) +
                   call("select id from orders where customer_id = 9 order by placed_at limit 5", 9) +
                   call("select id from orders order by id limit 20", 9));
  const Ran ran = run("check --db " + quoted(database.conninfo()) + " --log " + quoted(log) +
                      " --format json --fail-on never");
  const auto found = findings(ran, "sort-without-index");
  ASSERT_EQ(found.size(), 1u) << ran.out << ran.err;
  EXPECT_EQ(found[0]["verdict"], "confirmed");
  EXPECT_TRUE(has(found[0]["message"].get<std::string>(), "sorts 30,")) << found[0]["message"];
  EXPECT_TRUE(has(found[0]["fix"].dump(), "(customer_id, placed_at DESC)")) << found[0]["fix"];
  EXPECT_LT(found[0]["fix"]["cost_after"].get<double>(), found[0]["fix"]["cost_before"].get<double>() / 10);
  // Both plans are in the report.
  const auto plans = nlohmann::json::parse(ran.out)["plans"];
  const auto with = std::find_if(plans.begin(), plans.end(), [&](const nlohmann::json& plan) {
    return plan.at("kind") == "what-if" && plan.at("findings") == nlohmann::json::array({found[0]["id"]});
  });
  ASSERT_NE(with, plans.end()) << plans;
  EXPECT_TRUE(has((*with)["origin"].get<std::string>(), "HypoPG, with an index on orders (customer_id"));
  EXPECT_TRUE(has((*with)["json"].dump(), "\"hypothetical btree_")) << *with;
  const auto before = std::find_if(plans.begin(), plans.end(), [&](const nlohmann::json& plan) {
    return plan.at("id") == (*with)["before"];
  });
  ASSERT_NE(before, plans.end()) << plans;
  EXPECT_EQ((*before)["kind"], "explained");
  EXPECT_EQ((*before)["fingerprint"], found[0]["subject"]["fingerprint"]);
  EXPECT_LT((*with)["total_cost"].get<double>(), (*before)["total_cost"].get<double>() / 10);
}

TEST(CheckPlans, WritesArePlannedAndNeverRun) {
  live::Database database;
  database.run(shop);
  database.run("CREATE EXTENSION IF NOT EXISTS hypopg; CREATE TABLE archive (LIKE orders)");
  const std::string state =
      "SELECT concat(count(*), ' ', max(xmin::text::bigint), ' ', (SELECT count(*) FROM archive)) FROM "
      "orders";
  const std::string before = database.value(state);
  const Folder folder;
  const auto log = folder.write(
      "a.log", call("update orders set note = 'z' where status = 'waiting-secret'", 300, 3) +
                   call("delete from orders where placed_at < '2026-01-01 01:00'", 300, 3) +
                   call("insert into archive select * from orders where status = 'waiting-secret'", 300, 3));
  const Ran ran = run("check --db " + quoted(database.conninfo()) + " --log " + quoted(log) +
                      " --format json --fail-on never");
  const auto found = findings(ran, "sequential-scan");
  EXPECT_EQ(found.size(), 3u) << ran.out << ran.err;
  for (const auto& finding : found) {
    EXPECT_EQ(finding["verdict"], "confirmed") << finding;
    EXPECT_TRUE(has(finding.dump(), "it writes: EXPLAIN only")) << finding;
    EXPECT_LT(finding["fix"]["cost_after"].get<double>(), finding["fix"]["cost_before"].get<double>());
  }
  EXPECT_EQ(before, database.value(state));
}

TEST(CheckPlans, PartialIndexesByThePlannersOwnCount) {
  live::Database database;
  database.run(shop);
  const Folder folder;
  const auto log =
      folder.write("a.log", call("select id from orders where status = 'waiting-secret' and id > %i", 9, 30) +
                                call("select id from orders where open and placed_at > now()", 9, 30));
  const std::string check =
      "check --db " + quoted(database.conninfo()) + " --log " + quoted(log) + " --fail-on never --format ";
  // Half of the calls have either filter, so neither is the table's.
  EXPECT_EQ(findings(run(check + "json"), "partial-index-opportunity").size(), 0u);
  const auto states =
      folder.write("b.log", call("select id from orders where status = 'waiting-secret' and id > %i", 9, 30));
  const std::string other =
      "check --db " + quoted(database.conninfo()) + " --log " + quoted(states) + " --fail-on never";
  const Ran ran = run(other + " --format json");
  const auto found = findings(ran, "partial-index-opportunity");
  ASSERT_EQ(found.size(), 1u) << ran.out << ran.err;
  EXPECT_EQ(found[0]["verdict"], "confirmed") << found[0].dump(1);
  for (const std::string format : {"text", "json", "sarif", "markdown", "github"}) {
    const Ran shown = run(other + " --format " + format);
    EXPECT_FALSE(has(shown.out + shown.err, "waiting-secret")) << format << shown.out;
  }
  EXPECT_TRUE(has(run(other + " --format json --show-literals").out, "waiting-secret"));
  const auto done =
      folder.write("c.log", call("select id from orders where status = 'done' and id > %i", 9, 30));
  const auto refuted = findings(run("check --db " + quoted(database.conninfo()) + " --log " + quoted(done) +
                                    " --fail-on never --format json"),
                                "partial-index-opportunity");
  ASSERT_EQ(refuted.size(), 1u);
  EXPECT_EQ(refuted[0]["verdict"], "refuted") << refuted[0].dump(1);
  const auto flags = folder.write("d.log", call("select id from orders where open and id > %i", 9, 30));
  const auto flag = findings(run("check --db " + quoted(database.conninfo()) + " --log " + quoted(flags) +
                                 " --fail-on never --format json"),
                             "partial-index-opportunity");
  ASSERT_EQ(flag.size(), 1u);
  EXPECT_EQ(flag[0]["verdict"], "confirmed");
  EXPECT_TRUE(has(flag[0]["fix"].dump(), "WHERE open")) << flag[0].dump(1);
}

TEST(CheckPlans, StaleStatisticsAndSpills) {
  live::Database database;
  database.run(shop);
  database.run(
      "ALTER TABLE orders SET (autovacuum_enabled = off); INSERT INTO orders SELECT g, 501, 'new', false, "
      "now(), repeat('y', 400) FROM generate_series(60001, 120000) g");
  database.run("SELECT pg_stat_force_next_flush()");
  const Folder folder;
  const auto log =
      folder.write("a.log", call("select count(*) from orders where status = 'new'", 30, 3) +
                                call("select id, note from orders order by note, placed_at", 300, 3));
  const std::string options = "check --db " + quoted(database.conninfo()) + " --log " + quoted(log) +
                              " --fail-on never --format json";
  const Ran ran = run(options);
  const auto stale = findings(ran, "stale-statistics");
  ASSERT_EQ(stale.size(), 1u) << ran.out << ran.err;
  EXPECT_EQ(stale[0]["subject"]["table"], "orders");
  EXPECT_TRUE(has(stale[0].dump(), "estimated 1 row, found 60,000")) << stale[0].dump(1);
  EXPECT_EQ(stale[0]["fix"]["sql"], "ANALYZE public.orders;");
  const auto spills = findings(ran, "spills-to-disk");
  ASSERT_EQ(spills.size(), 1u) << ran.out;
  EXPECT_EQ(spills[0]["verdict"], "confirmed");
  database.run("ANALYZE orders");
  EXPECT_EQ(findings(run(options), "stale-statistics").size(), 0u);
}

// The server counts what a transaction wrote when it ends: also what its own ANALYZE saw.
TEST(CheckPlans, WhatAnalyzeSawIsNotCountedAsChangedSince) {
  live::Database database;
  database.run("CREATE TABLE loaded (id integer, note text) WITH (autovacuum_enabled = off)");
  database.run(
      "BEGIN; INSERT INTO loaded SELECT g, repeat('x', 50) FROM generate_series(1, 40000) g; ANALYZE loaded; "
      "COMMIT");
  database.run("SELECT pg_stat_force_next_flush()");
  ASSERT_EQ(database.value("SELECT n_mod_since_analyze FROM pg_stat_user_tables"), "40000")
      << "the server would not do this any more";
  const std::string check = "check --db " + quoted(database.conninfo()) + " --format json --fail-on never";
  EXPECT_EQ(findings(run(check), "stale-statistics").size(), 0u);
  database.run("INSERT INTO loaded SELECT g, repeat('x', 50) FROM generate_series(1, 30000) g");
  database.run("SELECT pg_stat_force_next_flush()");
  EXPECT_EQ(findings(run(check), "stale-statistics").size(), 1u);
  database.run("ANALYZE loaded");
  database.run("DELETE FROM loaded WHERE id % 2 = 0");
  database.run("SELECT pg_stat_force_next_flush()");
  EXPECT_EQ(findings(run(check), "stale-statistics").size(), 1u) << "what is deleted takes no page";
}

TEST(CheckPlans, TheBudgetIsKeptAndWhatWasLeftOutIsSaid) {
  live::Database database;
  database.run(shop);
  const Folder folder;
  const auto log = folder.write(
      "a.log", call("select id from orders where customer_id = 7 order by placed_at desc limit 20", 30, 3) +
                   call("select count(*) from orders where note = 'z'", 40));
  const std::string check = "check --db " + quoted(database.conninfo()) + " --log " + quoted(log) +
                            " --format json --fail-on never";
  const Ran none = run(check + " --max-analyze-time 0");
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_TRUE(has(none.err, "2 statements were planned but not run: EXPLAIN ANALYZE used up its 0 seconds"))
      << none.err;
  EXPECT_FALSE(has(none.out, "EXPLAIN ANALYZE: ")) << none.out;
  EXPECT_EQ(findings(none, "sort-without-index")[0]["verdict"], "suspected");
  EXPECT_FALSE(has(run(check).err, "planned but not run"));
  EXPECT_EQ(run(check + " --max-analyze-time -1").exit_code, 2);
}

// The first Ctrl-C cancels what runs on the server, and the report is written.
TEST(CheckPlans, CtrlCCancelsTheStatementAndReports) {
  live::Database database;
  database.run("CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 10000); ANALYZE a");
  const Folder folder;
  // Seconds of work.
  const auto log =
      folder.write("a.log", call("select count(*) from a p join a q on p.x + q.x > 0 where p.x <> 3", 30, 3));
  const auto report = folder.path("report.json");
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);  // a background job's is ignored
    execl(testing_support::program, "pgadvise", "check", "--db", database.conninfo().c_str(), "--log",
          log.c_str(), "--format", "json", "-o", report.c_str(), "--fail-on", "never", nullptr);
    _exit(127);
  }
  const auto running = [&] {
    return database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
        "'pgadvise' AND query LIKE 'EXPLAIN (ANALYZE%' AND state = 'active'");
  };
  for (int wait = 0; wait < 400 && running() == "0"; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_EQ(running(), "1");
  ASSERT_EQ(kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const std::string written = read_file(report).value_or("");
  EXPECT_TRUE(has(written, "interrupted")) << written;
  EXPECT_EQ(running(), "0");
}

class Guarded : public testing::Test {
 protected:
  void SetUp() override {
    database_.run(
        "CREATE TABLE notes (id int PRIMARY KEY, tenant_id int NOT NULL, body text); INSERT INTO notes "
        "SELECT g, g % 1000, repeat('n', 50) FROM generate_series(1, 60000) g;"
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON notes USING (tenant_id = 7); "
        "GRANT SELECT ON notes TO " +
        tenant_ + ", " + quote_identifier(odd_role_) +
        ";"
        "CREATE SCHEMA app; CREATE TABLE app.only_here (a int); GRANT USAGE ON SCHEMA app TO " +
        tenant_ + "; GRANT SELECT ON app.only_here TO " + tenant_ + "; ANALYZE");
  }
  Ran explain(const std::string& sql, const std::string& more) {
    return run("explain " + quoted(sql) + " --all-nodes --db " + quoted(database_.conninfo()) + more);
  }

  live::Database database_;
  const std::string tenant_ = database_.create_role("tenant", "NOLOGIN");
  const std::string odd_role_ = database_.create_role("Odd; role\"", "NOLOGIN");
};

TEST_F(Guarded, PlansAreThoseOfTheRole) {
  const Ran admin = explain("SELECT count(*) FROM notes", "");
  EXPECT_EQ(admin.exit_code, 0) << admin.err;
  EXPECT_TRUE(has(admin.err, "this user bypasses row-level security on public.notes")) << admin.err;
  const Ran tenant = explain("SELECT count(*) FROM notes", " --role " + tenant_ + " --format json");
  EXPECT_EQ(tenant.exit_code, 0) << tenant.err;
  EXPECT_FALSE(has(tenant.err, "row-level security")) << tenant.err;
  const auto plan = nlohmann::json::parse(tenant.out, nullptr, false);
  ASSERT_TRUE(plan.is_object()) << tenant.out;
  EXPECT_EQ(plan["nodes"].back()["rows"], 60) << "what the policy lets through";
  EXPECT_EQ(explain("SELECT count(*) FROM notes", " --role " + quoted(odd_role_)).exit_code, 0);
  const Ran nobody = explain("SELECT count(*) FROM notes", " --role 'no such; DROP TABLE notes'");
  EXPECT_EQ(nobody.exit_code, 2);
  EXPECT_TRUE(has(nobody.err, "--role")) << nobody.err;
  EXPECT_EQ(explain("SELECT 1", " --role none").exit_code, 2);
  EXPECT_EQ(database_.value("SELECT count(*) FROM notes"), "60000");
}

TEST_F(Guarded, NamesAreFoundAsTheRoleFindsThem) {
  const Ran missing = explain("SELECT * FROM only_here", "");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_TRUE(has(missing.err, "only_here")) << missing.err;
  const Ran found = explain("SELECT * FROM only_here", " --search-path 'app, public'");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_TRUE(has(found.out, "app.only_here")) << found.out;
  database_.run("ALTER ROLE " + tenant_ + " SET search_path = app, public");
  const Ran as_tenant = explain("SELECT * FROM only_here", " --role " + tenant_);
  EXPECT_EQ(as_tenant.exit_code, 0) << as_tenant.err;
  EXPECT_EQ(explain("SELECT * FROM only_here", " --search-path '\"unfinished'").exit_code, 2);
}

// A type of that name in front of pg_catalog must not get into pgadvise's own queries.
TEST_F(Guarded, NoTypeOfTheSearchPathRuns) {
  const std::string name = database_.value("SELECT quote_ident(current_database())");
  database_.run("ALTER DATABASE " + name + " SET track_functions = 'all'; ALTER DATABASE " + name +
                " SET jit = off;"
                "CREATE SCHEMA ep; CREATE FUNCTION ep.f(pg_catalog.text) RETURNS bool LANGUAGE plpgsql AS "
                "'BEGIN RETURN true; END';"
                "CREATE DOMAIN ep.text AS pg_catalog.text CHECK (ep.f(value))");
  for (const auto* sql :
       {"SELECT count(*) FROM public.notes WHERE id > 5", "SELECT count(*) FROM public.notes WHERE id > $1"})
    (void)explain(sql, " --search-path 'ep, pg_catalog, public'");
  (void)database_.value("SELECT pg_sleep(1.2)");  // a backend tells its counts when it ends
  EXPECT_EQ(
      database_.value("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = 'f'"),
      "0");
  database_.run("DROP SCHEMA ep CASCADE");
}

TEST(ExplainValues, PlansOfCommonAndRareValuesAreToldApart) {
  live::Database database;
  database.run(
      "CREATE TABLE tickets (id int PRIMARY KEY, state text NOT NULL, body text); INSERT INTO tickets SELECT "
      "g, CASE WHEN g % 1000 = 0 THEN 'hot-secret' ELSE 'cold-secret' END, repeat('b', 80) FROM "
      "generate_series(1, 60000) g; CREATE INDEX by_state ON tickets (state); ANALYZE");
  const auto explain = [&](const std::string& sql, const std::string& more = "") {
    return run("explain " + quoted(sql) + " --db " + quoted(database.conninfo()) + more);
  };
  const Ran found = explain("SELECT * FROM tickets WHERE state = $1 LIMIT $2");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  const Ran ran = explain("SELECT count(*) FROM tickets WHERE state = $1 AND body <> ''");
  EXPECT_TRUE(has(ran.out, "The plan depends on the values")) << ran.out;
  EXPECT_TRUE(has(ran.out, "a common value") && has(ran.out, "a rare value") &&
              has(ran.out, "Seq Scan tickets") && has(ran.out, "by_state"))
      << ran.out;
  EXPECT_FALSE(has(ran.out + ran.err, "secret")) << ran.out;
  EXPECT_TRUE(
      has(explain("SELECT count(*) FROM tickets WHERE state = $1 AND body <> ''", " --show-literals").out,
          "$1 = 'hot-secret'"));
  const Ran json = explain("SELECT count(*) FROM tickets WHERE state = $1 AND body <> ''", " --format json");
  EXPECT_FALSE(has(json.out, "secret"));
  EXPECT_GE(nlohmann::json::parse(json.out)["by_values"].size(), 2u) << json.out;
  EXPECT_TRUE(has(explain("SELECT * FROM tickets WHERE id = $1").out, "The plan is the same"))
      << explain("SELECT * FROM tickets WHERE id = $1").out;
}

}  // namespace
}  // namespace pgadvise
