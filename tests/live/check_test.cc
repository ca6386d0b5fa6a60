// The whole program against a live database, with a hostile log: what can be shown is confirmed, and nothing
// is written.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

// Everything that a statement could leave behind, as one text.
std::string state(live::Database& database) {
  return database.value(
      "SELECT concat_ws('|', (SELECT md5(string_agg(t::text, ',' ORDER BY a)) FROM t), (SELECT count(*) FROM "
      "marks), "
      "(SELECT last_value FROM numbers), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM "
      "pg_largeobject_metadata), "
      "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM "
      "pg_database WHERE datname = current_database())), "
      "(SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_stat_activity WHERE "
      "application_name = 'pgadvise' AND datname = current_database()))");
}

TEST(Check, ConfirmsWhatIsHarmlessAndWritesNothing) {
  live::Database database;
  database.run(
      "CREATE TABLE marks (x int); CREATE SEQUENCE numbers; CREATE TABLE t (a int, b int);"
      "INSERT INTO t SELECT g, g % 5000 FROM generate_series(1, 100000) g;"
      "CREATE FUNCTION touch(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM "
      "pg_advisory_lock(42); "
      "PERFORM lo_create(0); INSERT INTO marks VALUES ($1); RETURN $1; END $$;"
      "CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT touch($1) = $2';"
      "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same); CREATE VIEW v AS SELECT a, b, "
      "touch(1) FROM t; ANALYZE");
  const std::vector<std::string> harmless = {"select * from t where b = 5",
                                             "select a from t where b = 6 order by a limit 3"};
  const std::vector<std::string> hostile = {
      "select touch(a) from t where b = 5",
      "select * from t where b = 5 and a = touch(7)",
      "select * from t where b = 5 and a === 3",
      "select t.* from t join v on v.a = t.a where t.b = 5",
      "select nextval('numbers') from t where b = 5",
      "select * into copied from t where b = 5",
      "create table copied as select * from t where b = 5",
      "with gone as (delete from t where b = 5 returning *) select * from gone",
      "select * from t where b = 5 for update",
      "select * from t where b = 5; commit; insert into marks values (1)",
      "select pg_sleep(60) from t where b = 5",
      "select pg_terminate_backend(pid) from pg_stat_activity, t where b = 5",
      "select query_to_xml('insert into marks values (1)', true, true, '') from t where b = 5",
      "select pg_advisory_lock(b), lo_create(0), set_config('work_mem', '1MB', false) from t where b = 5",
      "delete from t where b = 5",
      "update t set a = 0 where b = 5",
      "copy (select * from t where b = 5) to program 'touch /tmp/never'",
  };
  const Folder folder;
  std::string log;
  const auto add = [&](const std::string& statement) {
    log += "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: " + statement + "\n";
  };
  for (const auto& statement : harmless) add(statement);
  for (const auto& statement : hostile) add(statement);
  const auto file = folder.write("hostile.log", log);

  for (const auto* user : {"pgadvise_admin", "pgadvise"}) {
    if (std::string(user) == "pgadvise")
      database.run(
          "GRANT ALL ON ALL TABLES IN SCHEMA public TO pgadvise; GRANT ALL ON SEQUENCE numbers TO pgadvise");
    const std::string before = state(database);
    const auto ran = run("check --db " + quoted(database.conninfo(user)) + " --log " + quoted(file) +
                         " --format json --fail-on never");
    EXPECT_EQ(state(database), before) << user;
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    const auto report = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << ran.err;
    int analyzed = 0;
    for (const auto& finding : report["findings"])
      for (const auto& evidence : finding["evidence"])
        analyzed += evidence["text"].get<std::string>().rfind("EXPLAIN ANALYZE", 0) == 0;
    EXPECT_EQ(analyzed, static_cast<int>(harmless.size())) << ran.out;
    EXPECT_GT(report["findings"].size(), harmless.size() + 5) << "the hostile statements were suspected too";
  }
}

TEST(Check, AMissingDatabaseIsThreeAndOneLine) {
  live::Database database;
  // A password on the command line would be a line of its own.
  const auto ran =
      run("check --db env", "",
          "DATABASE_URL=" + quoted(database.conninfo() + " dbname=not_there password=hidden-word"));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find("not_there"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("hidden-word"), std::string::npos) << ran.err;
}

TEST(Check, DebugTellsWhatWasSentAndNoLiteral) {
  live::Database database;
  database.run(
      "CREATE TABLE people (id int, mail text); INSERT INTO people SELECT g, 'p' || g FROM "
      "generate_series(1, 100000) g; GRANT SELECT ON people TO pgadvise; ANALYZE");
  const Folder folder;
  const auto file = folder.write("one.log",
                                 "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: "
                                 "select * from people where mail = 'alice@example.org'\n");
  const std::string command = "check --debug --db " +
                              quoted(database.conninfo("pgadvise") + " password=hidden-word") + " --log " +
                              quoted(file) + " --fail-on never";
  const auto ran = run(command);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.err.find(" ms   -- connected to database "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("READ ONLY, NOT DEFERRABLE -- 0 rows"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("select * from people where mail = ?"), std::string::npos) << ran.err;
  EXPECT_EQ((ran.out + ran.err).find("alice"), std::string::npos) << ran.err;
  EXPECT_EQ((ran.out + ran.err).find("hidden-word"), std::string::npos) << ran.err;
  EXPECT_NE(run(command + " --show-literals").err.find("'alice@example.org'"), std::string::npos);
}

TEST(Check, ATableWithoutPermissionIsNamedAndTheRestGoesOn) {
  live::Database database;
  database.run(
      "CREATE TABLE hidden (a int, b int); INSERT INTO hidden SELECT g, g FROM generate_series(1, 100000) g;"
      "CREATE TABLE shown (a int, b int); INSERT INTO shown SELECT g, g FROM generate_series(1, 100000) g;"
      "GRANT SELECT ON shown TO pgadvise; REVOKE ALL ON hidden FROM PUBLIC; ANALYZE");
  const Folder folder;
  const auto file = folder.write("two.log",
                                 "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: "
                                 "select * from hidden where b = 5\n"
                                 "2026-03-01 10:00:00.200 UTC [101] LOG:  duration: 85.100 ms  statement: "
                                 "select * from shown where b = 5\n");
  const auto ran = run("check --db " + quoted(database.conninfo("pgadvise")) + " --log " + quoted(file) +
                       " --fail-on never");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.out.find("permission denied for table hidden"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("Seq Scan on shown reads 100,000 rows and keeps 1"), std::string::npos) << ran.out;
}

// What a finding's SQL does on a partitioned table, its way back undoes: indexes that were there before are
// there after.
TEST(Check, TheFixOfAPartitionedTableCanBeTakenBack) {
  live::Database database;
  database.run(
      "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p SELECT generate_series(1, 1000);"
      "CREATE TABLE h (id int, k int REFERENCES p) PARTITION BY HASH (id);"
      "CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
      "CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
      "CREATE INDEX h0k ON h0 (k);"
      "CREATE TABLE i (id int, k int REFERENCES p) PARTITION BY HASH (id);"
      "CREATE TABLE i0 PARTITION OF i FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
      "CREATE TABLE i1 PARTITION OF i FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
      "CREATE INDEX half ON ONLY i (k); CREATE INDEX i0k ON i0 (k); ALTER INDEX half ATTACH PARTITION i0k;"
      "INSERT INTO h SELECT g, 1 + g % 1000 FROM generate_series(1, 200000) g; INSERT INTO i SELECT * FROM "
      "h; ANALYZE");
  const auto indexes = [&] {
    return database.value(
        "SELECT string_agg(pg_get_indexdef(i.indexrelid) || i.indisvalid || "
        "coalesce(h.inhparent::regclass::text, ''), E'\\n' ORDER BY "
        "i.indexrelid::regclass::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN "
        "pg_inherits h ON "
        "h.inhrelid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace");
  };
  const auto statements = [&](const std::string& sql) {
    std::istringstream lines(sql);
    for (std::string line; std::getline(lines, line);) EXPECT_TRUE(database.admin().query(line)) << line;
  };
  const auto ran = run("check --db " + quoted(database.conninfo()) + " --format json --fail-on never");
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << ran.err;
  const std::string before = indexes();
  int fixes = 0;
  for (const auto& finding : report["findings"]) {
    if (finding["rule"] != "unindexed-foreign-key" && finding["rule"] != "invalid-index") continue;
    if (finding["fix"].contains("proposed_by")) continue;  // one index mends both
    ++fixes;
    statements(finding["fix"]["sql"]);
    EXPECT_NE(indexes(), before);
    statements(finding["fix"]["down_sql"]);
    EXPECT_EQ(indexes(), before) << finding["fix"].dump(1);
  }
  EXPECT_EQ(fixes, 2) << ran.out;
}

// Of an empty table nothing can be measured: a sandbox without rows refutes no sequential scan.
TEST(Check, ASandboxWithoutRowsRefutesNothing) {
  const Folder folder;
  const auto schema = folder.write(
      "schema.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL, note text);\n");
  const auto statements = folder.write("statements.sql", "SELECT note FROM orders WHERE state = 'open';\n");
  const auto rows =
      folder.write("rows.sql", "INSERT INTO orders SELECT i, 'open', 'x' FROM generate_series(1, 3) i;\n");
  const auto scans = [&](const std::string& more) {
    const auto ran = run("check --sandbox --format json --fail-on never --schema " + quoted(schema) +
                         " --workload " + quoted(statements) + more);
    const auto report = nlohmann::json::parse(ran.out);
    auto found = nlohmann::json::array();
    for (const auto& finding : report["findings"])
      if (finding["rule"] == "sequential-scan") found.push_back(finding);
    return found;
  };
  const auto empty = scans("");
  ASSERT_EQ(empty.size(), 1U) << empty.dump(1);
  EXPECT_EQ(empty[0]["verdict"], "suspected");
  EXPECT_NE(empty[0].dump().find("orders has no rows in this database: nothing to measure"),
            std::string::npos)
      << empty.dump(1);
  EXPECT_EQ(scans(" --load " + quoted(rows)), nlohmann::json::array());
}

// However early the program ends, its server and its folder go, too.
TEST(Check, NothingIsLeftOfASandboxWhoseProgramIsKilled) {
  const Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const auto left = [&] { return std::distance(std::filesystem::directory_iterator(folder.path()), {}); };
  for (const auto* after : {"0.05", "0.15", "0.3", "0.5", "0.8"})
    for (const auto* signal : {"KILL", "INT", "TERM"}) {
      const std::string command = std::string("TMPDIR=") + quoted(folder.path()) + " timeout -s " + signal +
                                  " " + after + " " + quoted(testing_support::program) +
                                  " sandbox -- sleep 20 >/dev/null 2>&1";
      EXPECT_NE(std::system(command.c_str()), 0);
    }
  const auto wait = [&] {
    for (int i = 0; i < 300 && left() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  wait();
  // What was killed before it had a guardian leaves an empty folder, which a sandbox removes a minute later.
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    std::filesystem::last_write_time(entry.path(),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  EXPECT_EQ(std::system(("TMPDIR=" + quoted(folder.path()) + " " + quoted(testing_support::program) +
                         " sandbox -- true")
                            .c_str()),
            0);
  wait();
  EXPECT_EQ(left(), 0);
}

TEST(Check, AWrongPasswordIsThreeAndOneLine) {
  live::Database database;
  database.run(
      "DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'right-word'; EXCEPTION WHEN duplicate_object THEN "
      "NULL; END $$");
  const std::string file = database.value("SHOW hba_file");
  std::ostringstream rules;
  rules << std::ifstream(file).rdbuf();
  std::ofstream(file) << "local all locked scram-sha-256\n" << rules.str();
  database.run("SELECT pg_reload_conf()");
  const auto check = [&](const std::string& password) {
    return run("check --db env", "",
               "DATABASE_URL=" + quoted(database.conninfo("locked") + " password=" + password));
  };
  const auto ran = check("wrong-word");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find("check user and password"), std::string::npos) << ran.err;
  EXPECT_EQ((ran.err + ran.out).find("wrong-word"), std::string::npos) << ran.err;
  EXPECT_EQ(check("right-word").exit_code, 0);
}

// The connection is killed while statements are being confirmed.
TEST(Check, AServerThatGoesAwayIsThreeAndTheReportIsWritten) {
  live::Database database;
  constexpr int tables = 60;
  database.run("DO $$ BEGIN FOR i IN 1.." + std::to_string(tables) +
               " LOOP EXECUTE format('CREATE TABLE t%s (a int, b int)', i); "
               "EXECUTE format('INSERT INTO t%s SELECT g, g FROM generate_series(1, 30000) g', i); END LOOP; "
               "END $$; ANALYZE");
  // Each statement waits for a lock until lock_timeout, so there is always one to be killed in, and others
  // behind it.
  auto holder = database.connect();
  ASSERT_TRUE(holder.query("BEGIN"));
  for (int i = 1; i <= tables; ++i)
    ASSERT_TRUE(holder.query("LOCK TABLE t" + std::to_string(i) + " IN ACCESS EXCLUSIVE MODE"));
  const Folder folder;
  std::string log;
  for (int i = 1; i <= 60; ++i)
    log += "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: select a from t" +
           std::to_string(i) + " where b = 5\n";
  const auto file = folder.write("app.log", log);
  const auto report_file = folder.path("report.json");
  std::atomic<bool> killed = false;
  std::atomic<bool> over = false;
  std::thread killer([&] {
    while (!over && !killed) {
      killed = database.value(
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
                   "'pgadvise' AND "
                   "datname = current_database() AND wait_event_type = 'Lock'") != "0";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const auto ran = run("check --db " + quoted(database.conninfo()) + " --log " + quoted(file) +
                       " --format json -o " + quoted(report_file));
  over = true;
  killer.join();
  ASSERT_TRUE(killed);
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_NE(ran.err.find("the server closed the connection"), std::string::npos) << ran.err;
  const auto report = nlohmann::json::parse(std::ifstream(report_file), nullptr, false);
  ASSERT_TRUE(report.is_object());
  std::size_t unheard = 0;
  for (const auto& finding : report["findings"])
    unheard += finding.value("verdict_reason", "").find("the connection to the server was lost") !=
               std::string::npos;
  EXPECT_GT(unheard, 0U) << report.dump(1).substr(0, 2000);
}

// Of which migrations of a folder the findings are, when the database says which have run.
std::set<std::string> checked_migrations(live::Database& database, const std::string& folder) {
  const auto ran =
      run("check --format json --fail-on never --db " + quoted(database.conninfo()) + " " + folder);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::set<std::string> out;
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  for (const auto& finding : report["findings"])
    if (finding["rule"] == "blocking-index-build") out.insert(finding["subject"]["entry"]);
  return out;
}

TEST(Check, MigrationsThatHaveRunAreNotJudged) {
  using Names = std::set<std::string>;
  const std::string rows =
      "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 20000); ANALYZE t;";
  const Folder folder;
  folder.write("migrations/0001_init.sql", "CREATE TABLE t (a int);");
  for (const std::string number : {"2", "3", "4"})
    folder.write("migrations/000" + number + "_i.sql", "CREATE INDEX i" + number + " ON t (a);");
  {
    live::Database database;
    database.run(rows);
    EXPECT_EQ(checked_migrations(database, folder.path("migrations")), Names{"0004_i"})
        << "no record: the newest";
    database.run(
        "CREATE TABLE schema_migrations (version text PRIMARY KEY); INSERT INTO schema_migrations VALUES "
        "('0001'), ('2')");
    EXPECT_EQ(checked_migrations(database, folder.path("migrations")), (Names{"0003_i", "0004_i"}));
    database.run("INSERT INTO schema_migrations VALUES ('3'), ('4')");
    EXPECT_EQ(checked_migrations(database, folder.path("migrations")), Names{});
  }
  {
    live::Database database;
    database.run(rows +
                 "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO "
                 "schema_migrations VALUES (3, false)");
    EXPECT_EQ(checked_migrations(database, folder.path("migrations")), Names{"0004_i"});
  }
  {  // a view, a policy and a type of the database's own are not touched
    live::Database database;
    database.run(rows +
                 "CREATE TABLE marks (x int); CREATE FUNCTION mark() RETURNS text LANGUAGE plpgsql AS $$ "
                 "BEGIN PERFORM pg_advisory_lock(7); RETURN '4'; END $$;"
                 "CREATE VIEW schema_migrations AS SELECT mark() AS version; CREATE TABLE guarded_migrations "
                 "(version text);"
                 "ALTER TABLE guarded_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE "
                 "POLICY p ON guarded_migrations USING (mark() = version)");
    EXPECT_EQ(checked_migrations(database, folder.path("migrations")), Names{"0004_i"});
  }
  folder.write(
      "drizzle/meta/_journal.json",
      R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":1000,"tag":"0000_a"},{"idx":1,"when":2000,"tag":"0001_b"},{"idx":2,"when":3000,"tag":"0002_c"}]})");
  folder.write("drizzle/0000_a.sql", "CREATE TABLE t (a int);");
  folder.write("drizzle/0001_b.sql", "CREATE INDEX b ON t (a);");
  folder.write("drizzle/0002_c.sql", "CREATE INDEX c ON t (a);");
  {
    live::Database database;
    database.run(
        rows +
        "CREATE SCHEMA other; CREATE TABLE other.ran_migrations (id serial, hash text NOT NULL, created_at "
        "bigint); INSERT INTO other.ran_migrations (hash, created_at) VALUES ('x', 1000)");
    EXPECT_EQ(checked_migrations(database, folder.path("drizzle")), (Names{"0001_b", "0002_c"}));
    database.run("INSERT INTO other.ran_migrations (hash, created_at) VALUES ('y', 2000)");
    EXPECT_EQ(checked_migrations(database, folder.path("drizzle")), Names{"0002_c"});
  }
  folder.write("prisma/migrations/20240101000000_a/migration.sql", "CREATE TABLE t (a int);");
  folder.write("prisma/migrations/20240102000000_b/migration.sql", "CREATE INDEX b ON t (a);");
  folder.write("prisma/migrations/20240103000000_c/migration.sql", "CREATE INDEX c ON t (a);");
  {
    live::Database database;
    database.run(
        rows +
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, "
        "finished_at timestamptz, migration_name varchar(255) NOT NULL,"
        " logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), "
        "applied_steps_count integer NOT NULL DEFAULT 0);"
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at) VALUES "
        "('1', 'x', '20240101000000_a', now(), null),"
        " ('2', 'x', '20240103000000_c', now(), null), ('3', 'x', '20240102000000_b', now(), now())");
    EXPECT_EQ(checked_migrations(database, folder.path("prisma/migrations")), Names{"20240102000000_b"});
  }
}

TEST(Check, MigrationsOfSmallTablesAreLeftAlone) {
  const Folder folder;
  folder.write("migrations/0001_init.sql", "CREATE TABLE t (a int);");
  folder.write("migrations/0002_i.sql", "CREATE INDEX i ON t (a);");
  live::Database database;
  database.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1); ANALYZE t");
  EXPECT_EQ(checked_migrations(database, folder.path("migrations")), std::set<std::string>{});
  database.run("INSERT INTO t SELECT generate_series(1, 20000); ANALYZE t");
  EXPECT_EQ(checked_migrations(database, folder.path("migrations")), std::set<std::string>{"0002_i"});
}

}  // namespace
}  // namespace pgadvise
