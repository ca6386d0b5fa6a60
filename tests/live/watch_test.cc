// `pgadvise watch`: rounds, a store and metrics, a database that comes back, and the end by a signal.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "live/own_server.h"
#include "live/support.h"
#include "net/http_client.h"
#include "report/pages/page.h"
#include "store/sqlite/sqlite_connection.h"
#include "support/http_client.h"
#include "support/http_server.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::quoted;
using testing_support::run;

TEST(Watch, EachRoundIsStoredAndReplacesTheMetrics) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const auto ran =
      run("watch --db " + quoted(database.conninfo()) +
              " --every 2s --rounds 2 --store sqlite:store.db --store-as shop --spool spool -o shop.prom",
          folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const auto metrics = read_file(folder.path("shop.prom"));
  ASSERT_TRUE(metrics.has_value());
  EXPECT_NE(metrics->find("pgadvise_build_info{target=\"shop\","), std::string::npos) << *metrics;
  EXPECT_NE(metrics->find("pgadvise_watch_checks_total{target=\"shop\"} 2\n"), std::string::npos) << *metrics;
  EXPECT_NE(metrics->find("pgadvise_watch_spool_runs{} 0\n"), std::string::npos) << *metrics;
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("in 2 runs"), std::string::npos) << history.out << history.err;
}

TEST(Watch, EachRoundIsSentToACollector) {
  if (!net::HttpClient::create("--otlp")) GTEST_SKIP() << "built without libcurl";
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  testing_support::HttpServer server(
      [](const auto&) { return testing_support::HttpServer::answer("200 OK", "{}"); });
  const std::string words = "watch --db " + quoted(database.conninfo()) + " --store-as shop --every 1s ";
  const std::string collector = "http://joe:geheim@127.0.0.1:";
  const auto ran =
      run(words + "--rounds 2 --otlp " + collector + std::to_string(server.port()), folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err.find("geheim"), std::string::npos) << ran.err;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4u) << ran.err;
  for (const auto& request : requests) {
    const bool logs = request.head.starts_with("POST /v1/logs ");
    EXPECT_TRUE(logs || request.head.starts_with("POST /v1/metrics ")) << request.head;
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << request.body;
    const std::string resource = body.begin()->at(0).at("resource").dump();
    EXPECT_NE(resource.find(R"({"key":"pgadvise.target","value":{"stringValue":"shop"}})"), std::string::npos)
        << resource;
  }
}

TEST(Watch, ACollectorThatFailsIsNoFailureOfTheCheck) {
  if (!net::HttpClient::create("--otlp")) GTEST_SKIP() << "built without libcurl";
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  testing_support::HttpServer server(
      [](const auto&) { return testing_support::HttpServer::answer("500 Internal Server Error", "no"); });
  const auto ran = run(
      "watch --db " + quoted(database.conninfo()) +
          " --store-as shop --rounds 1 -o shop.prom --otlp http://127.0.0.1:" + std::to_string(server.port()),
      folder.path());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_NE(ran.err.find("watch shop: http://127.0.0.1:"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("HTTP status 500"), std::string::npos) << ran.err;
  const auto metrics = read_file(folder.path("shop.prom")).value_or("");
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"shop\"} 1\n"), std::string::npos) << metrics;
}

TEST(Watch, ADatabaseThatCannotBeReachedDoesNotEndIt) {
  const testing_support::Folder folder;
  const auto ran = run("watch --db " + quoted(live::conninfo_of("no_such_database", "pgadvise_admin")) +
                           " --every 1s --rounds 2 -o shop.prom",
                       folder.path());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  const auto first = ran.err.find("does not exist");
  ASSERT_NE(first, std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("does not exist", first + 1), std::string::npos) << "both rounds: " << ran.err;
}

TEST(Watch, ASignalEndsItWithoutWaitingForTheNextRound) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const std::string output = folder.path("shop.prom");
  testing_support::RunningProgram watch(
      {"watch", "--db", database.conninfo(), "--every", "1h", "-o", output});
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!std::filesystem::exists(output) && std::chrono::steady_clock::now() < end) ::usleep(20'000);
  EXPECT_TRUE(std::filesystem::exists(output));
  watch.send(SIGTERM);
  const auto ran = watch.wait(std::chrono::seconds(60));
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

TEST(Watch, ADatabaseThatFailsDoesNotStopTheOthers) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const auto ran = run("watch --db " + quoted(live::conninfo_of("no_such_database", "pgadvise_admin")) +
                           " --store-as gone --db " + quoted(database.conninfo()) +
                           " --store-as shop --rounds 1 -o shop.prom --store sqlite:store.db --spool spool",
                       folder.path());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_NE(ran.err.find("watch gone: "), std::string::npos) << ran.err;
  const auto metrics = read_file(folder.path("shop.prom")).value_or("");
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"gone\"} 0\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"shop\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("pgadvise_last_run_checked{target=\"shop\",database=\"" + database.name()),
            std::string::npos)
      << metrics;
  EXPECT_EQ(metrics.find("pgadvise_last_run_checked{target=\"gone\""), std::string::npos) << metrics;
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("in 1 run"), std::string::npos) << history.out << history.err;
}

// The port that a running watch announced; 0 if it did not within a minute.
std::uint16_t port_of(const testing_support::RunningProgram& watch) {
  const std::string before = "serves http://127.0.0.1:";
  for (int i = 0; i < 3000; ++i) {
    const std::string err = watch.err();
    const auto at = err.find(before);
    if (at != std::string::npos && err.find('\n', at) != std::string::npos)
      return static_cast<std::uint16_t>(std::atoi(err.c_str() + at + before.size()));
    ::usleep(20'000);
  }
  return 0;
}

TEST(Watch, ServesTheMetricsAndTheReportOfTheLastRound) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  testing_support::RunningProgram watch({"watch", "--db", database.conninfo(), "--store-as", "shop",
                                         "--every", "1h", "--serve", "127.0.0.1:0"});
  const auto port = port_of(watch);
  ASSERT_NE(port, 0) << watch.err();
  testing_support::HttpAnswer metrics;
  for (int i = 0; i < 3000; ++i) {
    metrics = testing_support::http_get(port, "/metrics");
    if (metrics.body.find("pgadvise_watch_up") != std::string::npos) break;
    ::usleep(20'000);
  }
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.head.find("application/openmetrics-text; version=1.0.0"), std::string::npos)
      << metrics.head;
  EXPECT_NE(metrics.body.find("pgadvise_watch_up{target=\"shop\"} 1\n"), std::string::npos) << metrics.body;
  EXPECT_NE(metrics.body.find("pgadvise_findings{target=\"shop\",database=\"" + database.name()),
            std::string::npos)
      << metrics.body;
  EXPECT_NE(metrics.body.find("pgadvise_sessions{target=\"shop\",database=\"" + database.name() +
                              "\",state=\"active\",wait_event_type=\"none\"} "),
            std::string::npos)
      << metrics.body;
  const auto report = testing_support::http_get(port, "/");
  if (report::need_page()) {
    EXPECT_EQ(report.status, 200);
    EXPECT_NE(report.body.find("customers"), std::string::npos);
    EXPECT_NE(report.head.find("text/html"), std::string::npos) << report.head;
  } else {
    EXPECT_EQ(report.status, 404);
  }
  EXPECT_EQ(testing_support::http(port, "GET", "/", "evil.example").status, 421);
  watch.send(SIGTERM);
  const auto ran = watch.wait(std::chrono::seconds(60));
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

// The calls of a query in a SQLite store.
std::string stored_calls(const std::string& store, const std::string& text) {
  auto connection = store::SqliteConnection::open(store, false);
  if (!connection) return "(no store)";
  store::Statement rows = connection->prepare(
      "SELECT sum(q.calls) FROM query_bucket q JOIN query_class c USING (class_id) WHERE c.text LIKE '%" +
      text + "%'");
  return rows.row() ? rows.text() : "(error)";
}

TEST(Watch, StoresWhatTheCountersGrewByAcrossARestartAndAReset) {
  live::OwnServer server;
  ASSERT_TRUE(server.started());
  const testing_support::Folder folder;
  const auto round = [&] {
    const auto ran = run("watch --rounds 1 --db " + quoted(server.conninfo()) +
                             " --store sqlite:store.db --store-as shop --spool spool",
                         folder.path());
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  };
  const auto call = [&](int times) {
    auto connection = server.connect();
    for (int i = 0; i < times; ++i)
      EXPECT_TRUE(connection.run_script("SELECT id FROM customers WHERE id = 1").has_value());
  };
  const auto calls = [&] { return stored_calls(folder.path("store.db"), "FROM customers WHERE id ="); };
  {
    auto connection = server.connect();
    ASSERT_TRUE(connection.run_script("CREATE EXTENSION pg_stat_statements").has_value());
    ASSERT_TRUE(connection.run_script("CREATE TABLE customers (id bigint)").has_value());
  }
  call(100);
  round();
  call(7);
  round();
  EXPECT_EQ(calls(), "7") << "the 100 before the first round have no time";
  round();
  EXPECT_EQ(calls(), "7") << "no call was made";
  call(5);
  ASSERT_TRUE(server.stop());
  ASSERT_TRUE(server.start());
  call(1);
  round();
  EXPECT_EQ(calls(), "13") << "a clean restart keeps the counters";
  ASSERT_TRUE(server.connect().run_script("SELECT pg_stat_statements_reset()").has_value());
  call(50);
  round();
  // PostgreSQL 13 has no time of the last reset: counters that went down began at zero.
  const bool has_time = server.connect().server_version() >= 140000;
  EXPECT_EQ(calls(), has_time ? "13" : "63") << "the round after a reset begins anew";
  call(2);
  round();
  EXPECT_EQ(calls(), has_time ? "15" : "65");
}

TEST(Watch, CountsNothingTwiceIfTheCountersCannotBeWritten) {
  live::OwnServer server;
  ASSERT_TRUE(server.started());
  const testing_support::Folder folder;
  const auto round = [&] {
    return run("watch --rounds 1 --db " + quoted(server.conninfo()) +
                   " --store sqlite:store.db --store-as shop --spool spool",
               folder.path());
  };
  const auto call = [&](int times) {
    auto connection = server.connect();
    for (int i = 0; i < times; ++i)
      EXPECT_TRUE(connection.run_script("SELECT id FROM customers WHERE id = 1").has_value());
  };
  const auto calls = [&] { return stored_calls(folder.path("store.db"), "FROM customers WHERE id ="); };
  ASSERT_TRUE(server.connect().run_script("CREATE EXTENSION pg_stat_statements").has_value());
  ASSERT_TRUE(server.connect().run_script("CREATE TABLE customers (id bigint)").has_value());
  call(1);
  EXPECT_EQ(round().exit_code, 0);
  std::string obstacle;
  for (const auto& file : std::filesystem::directory_iterator(folder.path("spool")))
    if (file.path().extension() == ".counters") obstacle = file.path().string() + "-next";
  ASSERT_FALSE(obstacle.empty());
  std::filesystem::create_directory(obstacle);
  call(7);
  ::usleep(1'100'000);  // a store knows two runs by their seconds
  const auto failed = round();
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_NE(failed.err.find(".counters-next: can't be written: "), std::string::npos) << failed.err;
  EXPECT_EQ(calls(), "") << "no growth is stored";
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("in 2 runs"), std::string::npos) << "the run is stored: " << history.out;
  std::filesystem::remove(obstacle);
  call(5);
  EXPECT_EQ(round().exit_code, 0);
  EXPECT_EQ(calls(), "12");
}

TEST(Watch, KeepsRoundsWhileTheServerOfTheStoreIsDown) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  live::OwnServer server;
  ASSERT_TRUE(server.started());
  const testing_support::Folder folder;
  const auto round = [&](const std::string& name) {
    const auto ran = run("watch --rounds 1 -o shop.prom --db " + quoted(database.conninfo()) +
                             " --store env --spool spool --store-as " + name,
                         folder.path(), "PGADVISE_STORE=" + quoted(server.url()));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.err;
  };
  const auto waiting = [&] {
    const auto metrics = read_file(folder.path("shop.prom")).value_or("");
    const std::string name = "pgadvise_watch_spool_runs{} ";
    const auto at = metrics.find(name);
    return at == std::string::npos ? -1 : std::atoi(metrics.c_str() + at + name.size());
  };
  const auto stored = [&] {
    auto connection = server.connect();
    const auto rows =
        connection.query("SELECT string_agg(DISTINCT target, ' ' ORDER BY target) FROM pgadvise.run");
    return rows && !rows->empty() ? rows->front().front().value_or("") : "(error)";
  };
  round("a");
  EXPECT_EQ(waiting(), 0);
  ASSERT_TRUE(server.stop());
  EXPECT_NE(round("b").find("are kept in"), std::string::npos);
  round("c");
  EXPECT_EQ(waiting(), 2);
  ASSERT_TRUE(server.start());
  EXPECT_EQ(stored(), "a");
  round("d");
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(stored(), "a b c d");
}

// It accepts connections, and does not answer.
TEST(Watch, AStoreThatHangsIsNoFailureOfTheCheck) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int port = testing_support::bind_to_loopback(listener);
  ASSERT_EQ(::listen(listener, 8), 0);
  const std::string url = "postgresql://joe:geheim@127.0.0.1:" + std::to_string(port) +
                          "/store?sslmode=disable&gssencmode=disable&connect_timeout=300";
  const auto ran = run("watch --rounds 1 --time-limit 20 -o shop.prom --store env --spool spool --db " +
                           quoted(database.conninfo()) + " --store-as shop",
                       folder.path(), "PGADVISE_STORE=" + quoted(url));
  ::close(listener);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.err.find("watch shop: the store did not take the results within --time-limit (20 s)"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("geheim"), std::string::npos) << ran.err;
  const auto metrics = read_file(folder.path("shop.prom")).value_or("");
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"shop\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("pgadvise_findings{target=\"shop\""), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("pgadvise_watch_spool_runs{} 1\n"), std::string::npos) << metrics;
}

TEST(Watch, StoresTheNewLinesOfALog) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const auto append = [&](int minute, int calls) {
    std::ofstream log(folder.path("app.log"), std::ios::app);
    for (int i = 0; i < calls; ++i)
      log << "2026-11-23 10:" << minute
          << ":01.000 UTC [42] joe@shop LOG:  duration: 2.000 ms  statement: SELECT "
          << "id FROM customers WHERE id = " << i << "\n";
  };
  const auto round = [&] {
    const auto ran =
        run("watch --rounds 1 --db " + quoted(database.conninfo()) +
                " --store 'sqlite:store.db?retention=20000' --store-as shop --spool spool --log app.log "
                "--log-line-prefix '%m [%p] %u@%d '",
            folder.path());
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  };
  const auto calls = [&] { return stored_calls(folder.path("store.db"), "FROM customers WHERE id ="); };
  append(10, 100);
  round();
  append(11, 7);
  round();
  EXPECT_EQ(calls(), "7") << "the lines before the first round are old";
  round();
  EXPECT_EQ(calls(), "7");
  append(12, 5);
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.1"));
  append(13, 3);
  round();
  EXPECT_EQ(calls(), "15") << "a rotation by a new name";
  std::filesystem::copy_file(folder.path("app.log"), folder.path("app.log.2"));
  std::filesystem::resize_file(folder.path("app.log"), 0);
  append(14, 2);
  round();
  EXPECT_EQ(calls(), "17") << "a rotation by copy and truncation";
  append(15, 4);
  std::filesystem::rename(folder.path("app.log"), folder.path("app.log.3"));
  ASSERT_EQ(std::system(("gzip " + quoted(folder.path("app.log.3"))).c_str()), 0);
  append(16, 1);
  round();
  EXPECT_EQ(calls(), "22") << "a rotation by a new name, with compression";
  for (const auto& file : std::filesystem::directory_iterator(folder.path("spool")))
    EXPECT_EQ(file.path().string().find(".lines"), std::string::npos) << "literals are left: " << file.path();
}

// log_filename = 'app-%Y-%m-%d.log'
TEST(Watch, FollowsALogWithADateInItsName) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const auto append = [&](int day, int minute, int calls) {
    const std::string name = folder.path("app-2026-11-" + std::to_string(day) + ".log");
    std::ofstream log(name, std::ios::app);
    for (int i = 0; i < calls; ++i)
      log << "2026-11-" << day << " 10:" << minute
          << ":01.000 UTC [42] joe@shop LOG:  duration: 2.000 ms  statement: SELECT "
          << "id FROM customers WHERE id = " << i << "\n";
    log.close();
    std::filesystem::last_write_time(
        name, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * (30 - day)));
  };
  const auto round = [&] {
    const auto ran =
        run("watch --rounds 1 --db " + quoted(database.conninfo()) +
                " --store 'sqlite:store.db?retention=20000' --store-as shop --spool spool --log 'app-*.log' "
                "--log-line-prefix '%m [%p] %u@%d '",
            folder.path());
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.err.find("lost"), std::string::npos) << ran.err;
  };
  const auto calls = [&] { return stored_calls(folder.path("store.db"), "FROM customers WHERE id ="); };
  append(20, 10, 100);
  round();
  append(20, 11, 7);
  append(21, 10, 3);
  append(22, 10, 2);
  round();
  EXPECT_EQ(calls(), "12");
  append(22, 11, 5);
  round();
  EXPECT_EQ(calls(), "17");
}

// The first column of the first row of a SQLite store; "": there is none yet.
std::string stored_value(const std::string& store, const std::string& sql) {
  auto connection = store::SqliteConnection::open(store, false);
  if (!connection) return {};
  store::Statement rows = connection->prepare(sql);
  return rows.row() ? rows.text() : std::string();
}

TEST(Watch, StoresTheWaitsForALockBetweenTwoRounds) {
  live::OwnServer server;
  ASSERT_TRUE(server.started());
  const testing_support::Folder folder;
  auto holder = server.connect();
  ASSERT_TRUE(holder.run_script("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)").has_value());
  ASSERT_TRUE(
      holder.run_script("SET application_name = 'billing'; BEGIN; UPDATE orders SET id = 2").has_value());
  std::jthread waiting([&] {
    auto connection = server.connect();
    (void)connection.run_script("SET application_name = 'worker'; UPDATE orders SET id = 3");
  });
  testing_support::RunningProgram watch(
      {"watch", "--db", server.conninfo(), "--store-as", "shop", "--every", "2s", "--sample-every", "1s",
       "--store", "sqlite:" + folder.path("store.db"), "--spool", folder.path("spool")});
  const auto wait = [&] {
    return stored_value(folder.path("store.db"),
                        "SELECT schema || '.' || name || ' ' || mode || ' ' || holder FROM lock_wait_sample "
                        "WHERE target = 'shop' AND max_wait_seconds >= 2");
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (wait().empty() && std::chrono::steady_clock::now() < end) ::usleep(200'000);
  EXPECT_EQ(wait(), "public.orders ShareLock billing") << watch.err();
  EXPECT_NE(stored_value(folder.path("store.db"),
                         "SELECT max_sessions FROM session_load WHERE wait_event = 'transactionid'"),
            "");
  ASSERT_TRUE(holder.run_script("ROLLBACK").has_value());
  waiting.join();
  watch.send(SIGTERM);
  EXPECT_EQ(watch.wait(std::chrono::seconds(60)).exit_code, 0);
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("shop public.orders, ShareLock: "), std::string::npos)
      << history.out << history.err;
}

TEST(Watch, AServerThatHangsDoesNotDelayTheEnd) {
  const testing_support::Folder folder;
  // Takes connections and never answers.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  testing_support::RunningProgram watch(
      {"watch", "--db", "host=127.0.0.1 connect_timeout=600 port=" + std::to_string(ntohs(address.sin_port)),
       "--store-as", "shop", "--every", "1h", "--store", "sqlite:" + folder.path("store.db"), "--spool",
       folder.path("spool")});
  // The sampler and the check.
  const int first = ::accept(listener, nullptr, nullptr), second = ::accept(listener, nullptr, nullptr);
  EXPECT_TRUE(first >= 0 && second >= 0);
  watch.send(SIGTERM);
  EXPECT_EQ(watch.wait(std::chrono::seconds(120)).exit_code, 0) << "connect_timeout is 600 s";
  for (const int taken : {first, second, listener}) ::close(taken);
}

TEST(Watch, WithoutAStoreOrAFileItIsRefused) {
  const auto ran = run("watch --db env");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("nothing keeps the results"), std::string::npos) << ran.err;
  EXPECT_EQ(run("watch --db env -o /dev/null --every 0").exit_code, 2);
}

}  // namespace
}  // namespace pgadvise
