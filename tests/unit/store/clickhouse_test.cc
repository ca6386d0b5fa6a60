// The store in ClickHouse without a ClickHouse: its URL, its requests, and the definitions of its tables.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "store/clickhouse/clickhouse_schema.h"
#include "store/clickhouse/clickhouse_session.h"
#include "store/open.h"
#include "store/store/address.h"
#include "support/http_server.h"

namespace pgadvise::store {
namespace {

using testing_support::HttpServer;

bool without_libcurl() {
  const auto client = net::HttpClient::create("--store");
  return !client && client.error().what.find("without libcurl") != std::string::npos;
}

TEST(ClickHouseUrl, NamesHostDatabaseUserAndOptions) {
  ::unsetenv("CLICKHOUSE_USER");
  ::unsetenv("CLICKHOUSE_PASSWORD");
  const auto all = read_clickhouse_url(
      "clickhouse://joe:p%40ss%3Aw%C3%B6rt@db.example.com:9440/facts?secure=true&cluster=main&retention=30");
  ASSERT_TRUE(all.has_value()) << all.error().line();
  EXPECT_EQ(all->user, "joe");
  EXPECT_EQ(all->password, "p@ss:wört");
  EXPECT_EQ(all->database, "facts");
  EXPECT_EQ(all->cluster, "main");
  EXPECT_EQ(all->url(), "https://db.example.com:9440/");
  EXPECT_EQ(shown(*all), "clickhouse://joe@db.example.com:9440/facts");

  const auto least = read_clickhouse_url("clickhouse://[::1]");
  ASSERT_TRUE(least.has_value()) << least.error().line();
  EXPECT_EQ(least->url(), "http://[::1]:8123/");
  EXPECT_EQ(least->database, "pgadvise");
  EXPECT_EQ(read_clickhouse_url("clickhouse://host?secure=true")->url(), "https://host:8443/");
  EXPECT_EQ(read_clickhouse_url("clickhouse://host?secure=true&sslrootcert=/etc/own%20ca.pem")
                .value_or(ClickHouseAddress())
                .root_certificates,
            "/etc/own ca.pem");
}

TEST(ClickHouseUrl, TakesTheCredentialsOfTheEnvironmentWhereTheUrlHasNone) {
  ::setenv("CLICKHOUSE_USER", "jane", 1);
  ::setenv("CLICKHOUSE_PASSWORD", "geheim", 1);
  EXPECT_EQ(read_clickhouse_url("clickhouse://host")->user, "jane");
  EXPECT_EQ(read_clickhouse_url("clickhouse://joe@host")->user, "joe");
  EXPECT_EQ(read_clickhouse_url("clickhouse://joe@host")->password, "geheim");
  EXPECT_EQ(read_clickhouse_url("clickhouse://joe:own@host")->password, "own");
  ::unsetenv("CLICKHOUSE_USER");
  ::unsetenv("CLICKHOUSE_PASSWORD");
}

TEST(ClickHouseUrl, RefusesOthersWithoutShowingThePassword) {
  for (const char* url :
       {"clickhouse://", "clickhouse://joe:geheim@", "clickhouse://joe:geheim@host:99999",
        "clickhouse://joe:geheim@host:x", "clickhouse://joe:gehe/im@host/db",
        "clickhouse://joe:geheim?@host/db", "clickhouse://joe:geheim%zz@host",
        "clickhouse://joe:geheim%0@host", "clickhouse://joe:geheim%0a@host",
        "clickhouse://joe:geheim@host/db?retention=0", "clickhouse://joe:geheim@host/db?secure=1",
        "clickhouse://joe:geheim@host/db?password=geheim", "clickhouse://joe:geheim@ho st/db",
        "clickhouse://joe:geheim@host/db?sslrootcert=ca.pem", "clickhouse://joe:geheim@host/db/more",
        "clickhouse://joe:geheim%00@host"}) {
    const auto refused = read_url(url);
    ASSERT_FALSE(refused.has_value()) << url;
    EXPECT_EQ(refused.error().kind, Error::Kind::usage);
    EXPECT_EQ(refused.error().line().find("gehe"), std::string::npos) << refused.error().line();
  }
  const auto read = read_url("clickhouse://joe:geheim@host/db?retention=30");
  ASSERT_TRUE(read.has_value()) << read.error().line();
  EXPECT_EQ(read->retention_days, 30);
  EXPECT_EQ(shown(*read), "clickhouse://joe@host:8123/db");
}

class ClickHouseRequests : public testing::Test {
 protected:
  void SetUp() override {
    if (without_libcurl()) GTEST_SKIP() << "built without libcurl";
  }

  static Result<std::unique_ptr<Store>> open_at(int port, const std::string& more = "") {
    Address address;
    address.clickhouse = "clickhouse://joe:geheim@127.0.0.1:" + std::to_string(port) + "/facts" + more;
    return open(address, true);
  }
};

TEST_F(ClickHouseRequests, HaveThePasswordInAHeaderOnly) {
  HttpServer server([](const auto&) {
    return HttpServer::answer("403 Forbidden", "Code: 516. DB::Exception: joe: Authentication failed.\n");
  });
  const auto refused = open_at(server.port());
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().line().find("Authentication failed"), std::string::npos)
      << refused.error().line();
  EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos) << refused.error().line();
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  const std::string& head = requests.front().head;
  EXPECT_EQ(head.substr(0, head.find("\r\n")).find("geheim"), std::string::npos) << head;
  EXPECT_NE(head.find("X-ClickHouse-Key: geheim\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("X-ClickHouse-User: joe\r\n"), std::string::npos) << head;
  EXPECT_EQ(requests.front().body, "SELECT version()");
}

TEST_F(ClickHouseRequests, FollowNoRedirectToAnotherHost) {
  HttpServer other([](const auto&) { return HttpServer::answer("200 OK", "25.1.1\n"); });
  HttpServer server([&](const auto&) {
    return "HTTP/1.1 307 Temporary Redirect\r\nConnection: close\r\nContent-Length: 0\r\nLocation: "
           "http://127.0.0.1:" +
           std::to_string(other.port()) + "/\r\n\r\n";
  });
  const auto refused = open_at(server.port());
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().what.find("no ClickHouse answers there (HTTP status 307)"), std::string::npos)
      << refused.error().line();
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(ClickHouseRequests, TrustTheAuthoritiesOfAFileOnly) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", "25.1.1\n"); });
  const auto refused = open_at(server.port(), "?secure=true&sslrootcert=/nonexistent/ca.pem");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().hint.find("sslrootcert"), std::string::npos) << refused.error().line();
  EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos) << refused.error().line();
  for (const auto& request : server.requests()) EXPECT_EQ(request.head.find("geheim"), std::string::npos);
}

TEST_F(ClickHouseRequests, RefuseAnOlderServer) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", "23.8.2.7\n"); });
  const auto refused = open_at(server.port());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().what, "the server has version 23.8.2.7");
  EXPECT_EQ(refused.error().hint, "a store needs ClickHouse 24.8 or later");
}

TEST_F(ClickHouseRequests, TakeNoExceptionAndNoHalfAnswerForAnAnswer) {
  const HttpServer exception([](const auto&) {
    return HttpServer::answer("200 OK", "Code: 241. DB::Exception: Memory limit exceeded.\n");
  });
  const auto failed = open_at(exception.port());
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().what.find("Memory limit exceeded"), std::string::npos) << failed.error().line();
  // Ends with the connection, in the middle of a row.
  const HttpServer half(
      [](const auto&) { return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n25.1.1"); });
  const auto incomplete = open_at(half.port());
  ASSERT_FALSE(incomplete.has_value());
  EXPECT_EQ(incomplete.error().what, "the answer of the server is not complete");
  const HttpServer shorter([](const auto&) {
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n25.1.1\n");
  });
  EXPECT_FALSE(open_at(shorter.port()).has_value());
}

TEST_F(ClickHouseRequests, HaveLimitsOfTimeAndOfTheAnswer) {
  const HttpServer server([](const HttpServer::Request& request) {
    const auto& sql = request.body;
    const auto answer = [](const std::string& rows) { return HttpServer::answer("200 OK", rows); };
    if (contains(sql, "version()")) return answer("25.1.1\n");
    if (contains(sql, "system.tables")) return answer("setting\tView\nsetting_rows\tReplacingMergeTree\n");
    if (contains(sql, "tables_version")) return answer(std::to_string(clickhouse_schema_version) + "\n");
    if (contains(sql, "views_version")) return answer("99\n");
    return HttpServer::answer("500 Internal Server Error", "Code: 159. DB::Exception: Timeout exceeded.\n");
  });
  const auto to = open_at(server.port());
  ASSERT_TRUE(to.has_value()) << to.error().line();
  const auto stopped = (*to)->unused_indexes("");
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(
      stopped.error().what,
      "the question about unused indexes takes longer than 60 seconds, the limit of a statement: stopped");
  for (const auto& request : server.requests())
    for (const char* setting : {"max_execution_time=60&", "timeout_overflow_mode=throw&",
                                "max_result_rows=", "max_result_bytes=", "result_overflow_mode=throw"})
      EXPECT_TRUE(contains(request.head, setting)) << setting << "\n" << request.head;
}

TEST_F(ClickHouseRequests, NameAServerThatIsDown) {
  // A port that nobody listens on, and that no other program gets meanwhile.
  const int own = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof name;
  ASSERT_EQ(::bind(own, reinterpret_cast<const sockaddr*>(&name), length), 0);
  ASSERT_EQ(::getsockname(own, reinterpret_cast<sockaddr*>(&name), &length), 0);
  const int port = ntohs(name.sin_port);
  const auto refused = open_at(port);
  ::close(own);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_EQ(refused.error().where, "clickhouse://joe@127.0.0.1:" + std::to_string(port) + "/facts");
  EXPECT_NE(refused.error().hint.find("port"), std::string::npos) << refused.error().line();
}

TEST_F(ClickHouseRequests, MaskASecretInAnAnswer) {
  HttpServer server([](const auto&) {
    return HttpServer::answer("500 Internal Server Error",
                              "Code: 62. DB::Exception: near password='geheim'\x1b[1m\n");
  });
  const auto refused = open_at(server.port());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos) << refused.error().line();
  EXPECT_EQ(refused.error().line().find('\x1b'), std::string::npos);
}

TEST(ClickHouseText, QuotesNamesAndLiterals) {
  EXPECT_EQ(clickhouse_literal("it's \\ a\ntest"), "'it\\'s \\\\ a\ntest'");
  EXPECT_EQ(clickhouse_literal(std::string_view("a\0b", 3)), "'a\\0b'");
  EXPECT_EQ(clickhouse_identifier("a`b\\c"), "`a\\`b\\\\c`");
}

std::vector<std::string> definitions_of(const std::string& cluster) {
  ClickHouseAddress address;
  address.host = "host";
  address.database = "facts";
  address.cluster = cluster;
  return clickhouse_definitions(address);
}

TEST(ClickHouseDefinitions, OfOneServer) {
  const auto all = definitions_of("");
  const auto has = [&](const std::string& sql) {
    return std::find(all.begin(), all.end(), sql) != all.end();
  };
  EXPECT_TRUE(
      has("CREATE TABLE IF NOT EXISTS source_rows (target LowCardinality(String), source String, size Int64, "
          "bucket_start Int64, bucket_seconds Int64)\n"
          "ENGINE = ReplacingMergeTree(size)\n"
          "PARTITION BY toYYYYMMDD(toDateTime64(bucket_start, 0, 'UTC'))\n"
          "ORDER BY (target, source)\n"
          "SETTINGS non_replicated_deduplication_window = 1000"))
      << join(all, "\n\n");
  EXPECT_TRUE(
      has("CREATE OR REPLACE VIEW source AS\n"
          "SELECT target, source, size, bucket_start, bucket_seconds FROM source_rows FINAL"));
  for (const auto& sql : all) EXPECT_EQ(sql.find("CLUSTER"), std::string::npos) << sql;
}

TEST(ClickHouseDefinitions, OfACluster) {
  const auto all = definitions_of("main");
  const auto has = [&](const std::string& sql) {
    return std::find(all.begin(), all.end(), sql) != all.end();
  };
  EXPECT_TRUE(
      has("CREATE TABLE IF NOT EXISTS source_rows_local ON CLUSTER `main` (target LowCardinality(String), "
          "source String, size Int64, bucket_start Int64, bucket_seconds Int64)\n"
          "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', size)\n"
          "PARTITION BY toYYYYMMDD(toDateTime64(bucket_start, 0, 'UTC'))\n"
          "ORDER BY (target, source)\n"
          "SETTINGS replicated_deduplication_window = 1000"))
      << join(all, "\n\n");
  EXPECT_TRUE(
      has("CREATE TABLE IF NOT EXISTS source_rows ON CLUSTER `main` (target LowCardinality(String), "
          "source String, size Int64, bucket_start Int64, bucket_seconds Int64)\n"
          "ENGINE = Distributed('main', 'facts', 'source_rows_local', cityHash64(target))"));
  EXPECT_TRUE(
      has("CREATE OR REPLACE VIEW source ON CLUSTER `main` AS\n"
          "SELECT target, source, size, bucket_start, bucket_seconds FROM source_rows FINAL"));
  for (const auto& sql : all) {
    EXPECT_NE(sql.find(" ON CLUSTER `main` "), std::string::npos) << sql;
    // Of a distributed table, a subquery for each shard would read the shard's own rows only.
    const auto plain = replace_all(sql, "GLOBAL IN (SELECT", "");
    EXPECT_EQ(plain.find(" IN (SELECT"), std::string::npos) << sql;
  }
}

// The day or the month of a row follows from its key or its fact: a repeated row has the same one.
TEST(ClickHouseDefinitions, EachTableNamesItsColumns) {
  for (const auto& table : clickhouse_tables()) {
    const std::string names =
        " " + column_names(table.columns) + ", " + column_names(table.own_columns) + ",";
    for (const auto column : {table.version, table.day, table.month, table.shard}) {
      if (column.empty()) continue;
      EXPECT_NE(names.find(" " + std::string(column) + ","), std::string::npos)
          << table.name << ": " << column;
    }
    for (const auto column : split(table.key, ','))
      EXPECT_NE(names.find(" " + std::string(trim(column)) + ","), std::string::npos)
          << table.name << ": " << column;
    EXPECT_TRUE(table.day.empty() || table.month.empty()) << table.name;
  }
}

}  // namespace
}  // namespace pgadvise::store
