// `pgadvise watch` across a failover: the primary dies, and its replica is promoted.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "live/own_server.h"
#include "store/sqlite/sqlite_connection.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::quoted;
using testing_support::run;

class WatchFailover : public testing::Test {
 protected:
  // However slow the machine is.
  static bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!holds())
      if (std::chrono::steady_clock::now() > end) return false;
      else ::usleep(50'000);
    return true;
  }
  // Of the file of -o; -1 without one.
  int metric(const std::string& name) const {
    const auto text = read_file(folder.path("shop.prom")).value_or("");
    const std::string sample = "\npgadvise_watch_" + name + "{target=\"shop\"} ";
    const auto at = text.find(sample);
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + sample.size());
  }
  int good_rounds() const { return metric("checks_total") - metric("failed_checks_total"); }
  // The first column of the first row of the store; "" for NULL.
  std::string stored(const std::string& query) const {
    auto connection = store::SqliteConnection::open(folder.path("store.db"), false);
    if (!connection) return "(no store)";
    store::Statement rows = connection->prepare(query);
    return rows.row() ? rows.text() : "(error)";
  }
  std::string calls() const {
    return stored(
        "SELECT sum(q.calls) FROM query_bucket q JOIN query_class c USING (class_id) "
        "WHERE c.text LIKE '%FROM customers WHERE id =%'");
  }
  static void call(const live::OwnServer& server, int times) {
    auto connection = server.connect();
    for (int i = 0; i < times; ++i)
      EXPECT_TRUE(connection.run_script("SELECT id FROM customers WHERE id = 1").has_value());
  }
  testing_support::Folder folder;
};

TEST_F(WatchFailover, CountsTheCallsOfBothServersOnceAndKeepsTheFindings) {
  live::OwnServer primary;
  ASSERT_TRUE(primary.started());
  ASSERT_TRUE(primary.connect().run_script("CREATE EXTENSION pg_stat_statements").has_value());
  ASSERT_TRUE(
      primary.connect()
          .run_script("CREATE TABLE customers (id bigint); CREATE INDEX customers_id ON customers (id)")
          .has_value());
  live::OwnServer replica(primary, primary.port() + 1);
  ASSERT_TRUE(replica.started());
  const std::string hosts = primary.folder() + "," + replica.folder();
  const std::string ports = std::to_string(primary.port()) + "," + std::to_string(replica.port());
  testing_support::RunningProgram watch(
      {"watch", "--every", "1s", "--store-as", "shop", "--store", "sqlite:" + folder.path("store.db"),
       "--spool", folder.path("spool"), "-o", folder.path("shop.prom"), "--db",
       "host=" + hosts + " port=" + ports +
           " dbname=postgres user=postgres target_session_attrs=read-write"});
  ASSERT_TRUE(until([&] { return good_rounds() >= 1; })) << watch.err();
  call(primary, 7);
  ASSERT_TRUE(until([&] { return calls() == "7"; })) << calls() << watch.err();

  ASSERT_TRUE(primary.stop("immediate"));
  ASSERT_TRUE(until([&] { return metric("failed_checks_total") >= 1; })) << "the replica is read-only";
  ASSERT_TRUE(replica.promote());
  ASSERT_TRUE(until([&] { return metric("up") == 1; })) << watch.err();
  call(replica, 5);
  ASSERT_TRUE(until([&] { return calls() == "12"; })) << calls() << watch.err();
  const int rounds = good_rounds();
  ASSERT_TRUE(until([&] { return good_rounds() >= rounds + 2; })) << watch.err();
  EXPECT_EQ(calls(), "12");
  watch.send(SIGTERM);
  EXPECT_EQ(watch.wait(std::chrono::seconds(60)).exit_code, 0) << watch.err();

  const auto by_environment =
      run("watch --rounds 1 --db env --store-as shop --store sqlite:store.db --spool spool", folder.path(),
          "PGHOST=" + quoted(hosts) + " PGPORT=" + ports +
              " PGDATABASE=postgres PGUSER=postgres PGTARGETSESSIONATTRS=read-write");
  EXPECT_EQ(by_environment.exit_code, 0) << by_environment.err;
  EXPECT_EQ(calls(), "12");
  EXPECT_EQ(stored("SELECT count(DISTINCT system) || ' ' || count(DISTINCT server) FROM server_sample"),
            "1 2");
  EXPECT_EQ(stored("SELECT count(DISTINCT system) || ' ' || count(DISTINCT server) FROM index_scan"), "1 2");
  EXPECT_EQ(stored("SELECT group_concat(DISTINCT role) FROM server_sample"), "primary");
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("customers has no primary key"), std::string::npos)
      << history.out << history.err;
  EXPECT_EQ(history.out.find("gone "), std::string::npos) << history.out;
  EXPECT_EQ(history.out.find("Fixed"), std::string::npos) << history.out;
}

}  // namespace
}  // namespace pgadvise
