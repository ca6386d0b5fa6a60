#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "live/support.h"
#include "pg/connection/connection.h"
#include "pg/sandbox/sandbox.h"
#include "support/sandbox_processes.h"

namespace pgadvise {
namespace {

using namespace std::chrono_literals;

TEST(PgConnection, SendsOneStatementWithParameters) {
  live::Database database;
  auto connection = database.connect();
  const auto rows = connection.query("SELECT $1::int + 1, $2::text, NULL", {"41", std::nullopt});
  ASSERT_TRUE(rows) << rows.error().line();
  EXPECT_EQ((pg::Rows{{"42", std::nullopt, std::nullopt}}), *rows);
  EXPECT_FALSE(connection.query("SELECT 1; SELECT 2"));
  EXPECT_EQ("42601", connection.sqlstate());
  EXPECT_FALSE(connection.query(std::string_view("SELECT 1\0; DROP TABLE x", 23)));
  EXPECT_EQ("pgadvise", connection.query("SELECT current_setting('application_name')")->front().front());
  std::string notices;
  connection.on_notice([&](std::string_view text) { notices += text; });
  ASSERT_TRUE(connection.query("DO $$ BEGIN RAISE NOTICE 'hello'; END $$"));
  connection.on_notice({});
  EXPECT_EQ("hello", notices);
  EXPECT_FALSE(connection.query("COPY (SELECT 1) FROM STDIN"));
  ASSERT_TRUE(connection.query("CREATE TEMP TABLE c (i integer)"));
  EXPECT_FALSE(connection.query("COPY c FROM STDIN"));
  EXPECT_TRUE(connection.query("COPY (SELECT generate_series(1, 100000)) TO STDOUT"));
  EXPECT_TRUE(connection.query("SELECT 1")) << "still in step";
  // A statement larger than the socket's buffers, both ways.
  const std::string large(std::size_t{8} << 20, 'x');
  const auto back = connection.query("SELECT $1::text", {large});
  ASSERT_TRUE(back);
  EXPECT_EQ(large.size(), back->front().front()->size());
}

TEST(PgConnection, LeavesLiteralsOutOfMessages) {
  live::Database database;
  auto connection = database.connect();
  for (const char* statement : {"SELECT 'hunter2'::int", "SELECT 'hunter2'::date", "SELECT $1::int",
                                "SELECT 1 'hunter2'", "SELECT 'hunter2'::pg_catalog.bool"}) {
    const auto done = connection.query(statement, statement[7] == '$' ? Parameters{"hunter2"} : Parameters{});
    ASSERT_FALSE(done) << statement;
    EXPECT_EQ(std::string::npos, done.error().line().find("hunter2")) << done.error().line();
  }
}

TEST(PgConnection, GivesUpAtTheDeadline) {
  live::Database database;
  auto connection = database.connect();
  connection.set_deadline(200ms);
  // Without the deadline this would outlast the time that the test itself has.
  const auto late = connection.query("SELECT pg_sleep(3600)");
  ASSERT_FALSE(late);
  EXPECT_EQ(Error::Kind::nonfatal, late.error().kind) << late.error().line();
  EXPECT_EQ("57014", connection.sqlstate());
  EXPECT_TRUE(connection.alive());
  connection.set_deadline({});
  EXPECT_TRUE(connection.query("SELECT 1"));
  connection.set_deadline(200ms);
  // This catches the cancel of statement_timeout, and goes on.
  const auto stubborn = connection.query(
      "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END; END "
      "LOOP; "
      "END $$");
  ASSERT_FALSE(stubborn);
  EXPECT_EQ(Error::Kind::database, stubborn.error().kind) << stubborn.error().line();
  EXPECT_FALSE(connection.alive());
  EXPECT_FALSE(connection.query("SELECT 1"));
  (void)database.admin().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO%' AND datname = "
      "current_database()");
}

TEST(PgConnection, NamesTheServerThatEnds) {
  live::Database database;
  auto connection = database.connect();
  const auto pid = connection.query("SELECT pg_backend_pid()")->front().front().value();
  std::thread killer([&] {
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(database.admin().query("SELECT pg_terminate_backend($1::int)", {pid}));
  });
  const auto gone = connection.query("SELECT pg_sleep(30)");
  killer.join();
  ASSERT_FALSE(gone);
  EXPECT_EQ(Error::Kind::database, gone.error().kind);
  EXPECT_NE(std::string::npos,
            gone.error().what.find("the server closed the connection: terminating connection"))
      << gone.error().line();
  EXPECT_FALSE(connection.alive());
}

TEST(PgConnection, NamesTheServerThatCrashes) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox);
  const pid_t server = testing_support::server_of(sandbox->folder());
  ASSERT_GT(server, 0) << "kill() would end this program's group";
  std::thread killer([&] {
    std::this_thread::sleep_for(300ms);
    kill(server, SIGQUIT);
  });
  const auto gone = sandbox->connection().query("SELECT pg_sleep(30)");
  killer.join();
  ASSERT_FALSE(gone);
  EXPECT_EQ(Error::Kind::database, gone.error().kind);
  EXPECT_EQ(0u, gone.error().what.find("the server closed the connection")) << gone.error().line();
}

std::string failure(const std::string& conninfo) {
  const auto connection = pg::Connection::open(conninfo);
  if (connection) return "no failure";
  EXPECT_EQ(Error::Kind::database, connection.error().kind);
  return connection.error().line();
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(PgConnection, FailuresSayWhatToDo) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox);
  const auto& folder = sandbox->folder();
  auto& admin = sandbox->admin();
  ASSERT_TRUE(admin.run_script(
      "CREATE ROLE app LOGIN PASSWORD 'right'; CREATE ROLE full_up LOGIN CONNECTION LIMIT 0"));
  std::ofstream(folder + "/data/pg_hba.conf") << "local all app scram-sha-256\nlocal all barred reject\n"
                                                 "local all all trust\n";
  ASSERT_TRUE(admin.query("SELECT pg_reload_conf()"));
  std::this_thread::sleep_for(200ms);
  const auto base = fmt::format("host={} port=5432 dbname=sandbox ", folder);
  EXPECT_EQ("no failure", failure(base + "user=app password=right"));
  const auto wrong = failure(base + "user=app password=hunter2");
  EXPECT_TRUE(holds(wrong, "password authentication failed for user \"app\" (check user and password)"))
      << wrong;
  EXPECT_TRUE(holds(wrong, "database sandbox on " + folder + ":5432 as user app: ")) << wrong;
  EXPECT_FALSE(holds(wrong, "hunter2")) << wrong;
  EXPECT_EQ(std::string::npos, wrong.find('\n'));
  EXPECT_TRUE(holds(failure(base + "user=app passfile=/dev/null"), "(set one in"))
      << failure(base + "user=app");
  EXPECT_TRUE(holds(failure(base + "user=nobody_here"), "(check the user's name)"));
  EXPECT_TRUE(holds(failure(fmt::format("host={} dbname=nowhere user=pgadvise", folder)),
                    "(check the database's name)"));
  EXPECT_TRUE(holds(failure(base + "user=full_up"), "(close idle connections"));
  EXPECT_TRUE(holds(failure("host=/nowhere dbname=d user=u"), "(is the server running"));
  EXPECT_TRUE(holds(failure("host=127.0.0.1 port=1 dbname=d user=u"), "(is the server running"));
  EXPECT_TRUE(holds(failure("postgresql://u:hunter2@no-such-host.invalid/d"), "(check the host name)"));
}

}  // namespace
}  // namespace pgadvise
