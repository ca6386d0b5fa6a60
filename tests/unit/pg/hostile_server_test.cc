// Servers that send without end, never, or what is no answer; each bound of AnswerLimits and of the
// connecting.
#include <chrono>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/catalog/relation_sizes.h"
#include "pg/catalog/statement_statistics.h"
#include "pg/connection/connect.h"
#include "pg/connection/connection.h"
#include "pg/plans/what_if.h"
#include "support/fake_server.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

constexpr std::size_t drained = std::size_t{1} << 26;  // after a cancel, at most (pg/connection.cc)

pg::AnswerLimits small() {
  return {.rows = 1000, .bytes = std::size_t{2} << 20, .other_bytes = std::size_t{1} << 20, .time = 60s};
}

pg::Connection open(const FakeServer& server, const pg::AnswerLimits& limits = small()) {
  auto connection = pg::Connection::open(server.conninfo());
  if (!connection) throw std::runtime_error(connection.error().line());
  connection->set_limits(limits);
  return std::move(*connection);
}

// Greets, and answers whatever is asked with `begin`, then `portion` again and again.
FakeServer::Script flood(std::string begin, std::string portion) {
  return [=](Peer& peer) {
    if (!peer.startup() || !peer.send(wire::greeting()) || !peer.statement() || !peer.send(begin)) return;
    peer.send_for_ever(portion);
  };
}

struct Flood {
  const char* name;
  std::string begin;
  std::string portion;
  std::string bound;
};

void PrintTo(const Flood& flood, std::ostream* out) { *out << flood.name; }

class HostileServer : public ::testing::TestWithParam<Flood> {};

TEST_P(HostileServer, IsStoppedAtABoundThatTheErrorNames) {
  const auto& [name, begin, portion, bound] = GetParam();
  const FakeServer server(flood(begin, portion));
  auto connection = open(server);
  const auto rows = connection.query("SELECT 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(Error::Kind::database, rows.error().kind);
  EXPECT_TRUE(contains(rows.error().what,
                       "the server's response to one statement has " + bound + ", the limit, and "))
      << rows.error().line();
  EXPECT_TRUE(contains(rows.error().what, " a cancel request: pgadvise closed the connection"))
      << rows.error().line();
  EXPECT_FALSE(connection.alive());
  EXPECT_LE(connection.bytes_received(), small().bytes + drained + 3 * pg::MeteredSocket::max_portion);
}

std::string parameters() {
  std::string out;
  for (int i = 0; i < 1000; ++i) out += wire::parameter("p" + std::to_string(i), std::string(900, 'v'));
  return out;
}

const std::string other = "more than 1 MiB in one row, or in messages other than rows";
const std::string many_nulls = wire::row(std::vector<std::optional<std::string>>(500));

INSTANTIATE_TEST_SUITE_P(
    Pg, HostileServer,
    ::testing::Values(
        Flood{"Rows", wire::columns(1), wire::row({"x"}), "more than 1000 rows"},
        Flood{"LargeRows", wire::columns(1), wire::row({std::string(10000, 'x')}), "more than 2 MiB"},
        Flood{"NullsThatTakeTenTimesTheMemory", wire::columns(500), many_nulls, "more than 2 MiB"},
        Flood{"OneRowOfAGigabyte",
              wire::columns(1) +
                  wire::begun_message('D', 0x3ffffff0, wire::number16(1) + wire::number(0x3fffffe0)),
              std::string(1000, 'x'), other},
        Flood{"Notices", wire::columns(1), wire::notice(std::string(1000, 'n')), other},
        Flood{"OneNoticeOfAGigabyte", wire::begun_message('N', 0x3ffffff0, std::string("SNOTICE\0M", 9)),
              std::string(1000, 'x'), other},
        Flood{"OneErrorOfAGigabyte", wire::begun_message('E', 0x3ffffff0, std::string("SERROR\0M", 8)),
              std::string(1000, 'x'), other},
        Flood{"Parameters", "", parameters(), other},
        Flood{"Notifications", "",
              wire::message('A', wire::number(1) + std::string("c\0", 2) + std::string(900, 'p') + '\0'),
              other},
        Flood{"CopyOut", wire::message('H', std::string("\0\0\0", 3)),
              wire::message('d', std::string(1000, 'x')), other},
        Flood{"Errors", "", wire::error(std::string(1000, 'e')), other}),
    [](const auto& test) { return std::string(test.param.name); });

// A server that obeys the cancel is asked the next thing.
TEST(PgHostileServer, KeepsAConnectionThatStops) {
  int asked = 0;
  const FakeServer server(FakeServer::answering([&](const std::string&) {
    std::string out = wire::columns(1);
    for (int i = 0; i < (asked ? 1000 : 3000); ++i) out += wire::row({"x"});
    ++asked;
    return out + wire::done() + wire::ready();
  }));
  auto connection = open(server);
  const auto rows = connection.query("SELECT 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(Error::Kind::nonfatal, rows.error().kind);
  EXPECT_EQ("the server's response to one statement has more than 1000 rows, the limit", rows.error().what);
  EXPECT_EQ("54000", connection.sqlstate());
  const auto again = connection.query("SELECT 1");
  ASSERT_TRUE(again) << again.error().line();
  EXPECT_EQ(1000u, again->size());
}

// Notices that are few for one statement add up.
TEST(PgHostileServer, CountsMessagesOverTheConnectionsLife) {
  const FakeServer server(FakeServer::answering([](const std::string&) {
    return wire::notice(std::string(100'000, 'n')) + wire::columns(1) + wire::done() + wire::ready();
  }));
  auto connection = open(server);
  int asked = 0;
  while (asked < 100 && connection.query("SELECT 1")) ++asked;
  EXPECT_GT(asked, 5);
  EXPECT_LT(asked, 15);
  EXPECT_FALSE(connection.alive()) << "each further answer would be past the limit";
}

FakeServer::Script notices(int count) {
  return FakeServer::answering([=](const std::string&) {
    std::string out;
    for (int n = 0; n < count; ++n) out += wire::notice(std::string(100'000, 'n'));
    return out + wire::columns(1) + wire::done() + wire::ready();
  });
}

// Parse trees of many statements on wide tables.
TEST(PgHostileServer, CountsRequestedNoticesForTheirStatementOnly) {
  const FakeServer server(notices(5));
  auto connection = open(server);
  std::size_t got = 0;
  connection.on_notice([&](std::string_view text) { got += text.size(); });
  for (int asked = 0; asked < 20; ++asked) {
    const auto rows = connection.query("SELECT 1");
    ASSERT_TRUE(rows) << asked << " " << rows.error().line();
  }
  EXPECT_EQ(20u * 500'000, got);
}

TEST(PgHostileServer, RequestedNoticesOfOneStatementAreBounded) {
  const FakeServer server(notices(30));
  auto connection = open(server);
  connection.on_notice([](std::string_view) {});
  const auto rows = connection.query("SELECT 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ("the server's response to one statement has " + other + ", the limit", rows.error().what);
  EXPECT_EQ(Error::Kind::nonfatal, rows.error().kind);
  EXPECT_TRUE(connection.alive());
}

TEST(PgHostileServer, CutsLongErrors) {
  const FakeServer server(FakeServer::answering(
      [](const std::string&) { return wire::error(std::string(500'000, 'e')) + wire::ready(); }));
  const auto rows = open(server).query("SELECT 1");
  ASSERT_FALSE(rows);
  EXPECT_LT(rows.error().what.size(), 2100u);
}

// Each byte comes in time; the answer does not.
TEST(PgHostileServer, TimeIsOfTheWholeAnswer) {
  const FakeServer server([](Peer& peer) {
    if (!peer.startup() || !peer.send(wire::greeting()) || !peer.statement() || !peer.send(wire::columns(1)))
      return;
    while (peer.send(wire::row({"x"})) && peer.pause(10ms)) {
    }
  });
  auto limits = small();
  limits.time = 150ms;
  auto connection = open(server, limits);
  const auto rows = connection.query("SELECT 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(
      "took longer than 150ms and was canceled, and its response does not end within 5000ms of a cancel "
      "request: "
      "pgadvise closed the connection",
      rows.error().what);
}

TEST(PgHostileServer, NothingWaitsWithoutEnd) {
  const FakeServer server([](Peer& peer) {
    if (peer.startup() && peer.send(wire::greeting())) peer.pause(1h);
  });
  auto limits = small();
  limits.time = 0ms;
  auto connection = open(server, limits);
  connection.set_deadline(0ms);
  EXPECT_FALSE(connection.query("SELECT 1"));
  EXPECT_GT(pg::AnswerLimits{}.time, 0ms);
}

std::string refusal(const FakeServer::Script& script, const std::string& options = "") {
  const FakeServer server(script);
  const auto connection = pg::Connection::open(server.conninfo() + options);
  if (connection) return "connected";
  EXPECT_EQ(Error::Kind::database, connection.error().kind);
  return connection.error().line();
}

TEST(PgHostileServer, GreetingIsBounded) {
  const std::string bound = "the server sent more than 1024 KiB before the session began";
  const auto greet = [](const std::string& begin, const std::string& portion) -> FakeServer::Script {
    return [=](Peer& peer) {
      if (peer.startup() && peer.send(begin)) peer.send_for_ever(portion);
    };
  };
  EXPECT_TRUE(contains(refusal(greet(wire::authenticated(), wire::notice(std::string(1000, 'n')))), bound));
  EXPECT_TRUE(contains(refusal(greet(wire::authenticated(), parameters())), bound));
  EXPECT_TRUE(contains(refusal(greet(wire::authenticated() + wire::begun_message('N', 0x3ffffff0, "M"), "x")),
                       bound));
  // A password is asked for again and again.
  const auto asked = refusal(greet("", wire::message('R', wire::number(3))));
  EXPECT_TRUE(contains(asked, bound) || contains(asked, "error sending password")) << asked;
}

TEST(PgHostileServer, GreetingHasATimeLimit) {
  const auto drip = refusal(
      [](Peer& peer) {
        if (!peer.startup() || !peer.send(wire::authenticated())) return;
        while (peer.send(wire::parameter("a", "b")) && peer.pause(50ms)) {
        }
      },
      " connect_timeout=2");
  EXPECT_TRUE(
      contains(drip, "timeout expired: no session after 2 s (no answer: check host, port and firewall)"))
      << drip;
}

TEST(PgHostileServer, NextHostIsTriedAfterOneThatIsSilent) {
  const FakeServer silent([](Peer& peer) { peer.pause(1h); });
  const FakeServer good(FakeServer::answering(
      [](const std::string&) { return wire::columns(1) + wire::done() + wire::ready(); }));
  const auto connection =
      pg::Connection::open("host=" + silent.folder() + "," + good.folder() +
                           " port=5432 dbname=d user=u sslmode=disable gssencmode=disable connect_timeout=2");
  ASSERT_TRUE(connection) << connection.error().line();
  EXPECT_TRUE(contains(connection->where(), good.folder())) << connection->where();
}

// What every answer of a server may be like, for the catalog.
std::string nothing(const std::string&) { return wire::columns(1) + wire::done() + wire::ready(); }
std::string fails(const std::string&) { return wire::error("permission denied", "42501") + wire::ready(); }
std::string one_column(const std::string&) {
  return wire::columns(1) + wire::row({"pg_catalog"}) + wire::done() + wire::ready();
}
std::string garbage(const std::string&) {
  std::string out = wire::columns(22);
  for (int i = 0; i < 3; ++i)
    out += wire::row(std::vector<std::optional<std::string>>(22, std::string("\xff\x00'\x1b[31m", 7)));
  return out + wire::done() + wire::ready();
}
std::string nulls(const std::string&) {
  return wire::columns(22) + wire::row(std::vector<std::optional<std::string>>(22)) + wire::done() +
         wire::ready();
}
std::string empty_query(const std::string&) {
  return wire::message('1') + wire::message('2') + wire::message('I') + wire::ready();
}
bool sets_up(const std::string& statement) {
  return statement.starts_with("BEGIN") || contains(statement, "set_config");
}
std::string fails_after_settings(const std::string& statement) {
  return sets_up(statement) ? nothing(statement) : fails(statement);
}
bool describes_itself(const std::string& statement) {
  return contains(statement, "nspname = 'pg_catalog' GROUP BY");
}
// Up to its description of itself it is a PostgreSQL.
std::string empty_after_itself(const std::string& statement) {
  if (describes_itself(statement))
    return wire::columns(2) + wire::row({"pg_catalog", "400"}) + wire::done() + wire::ready();
  return nothing(statement);
}

struct Answers {
  const char* name;
  std::string (*answer)(const std::string&);
  std::string why;
};
void PrintTo(const Answers& answers, std::ostream* out) { *out << answers.name; }

class NoCatalog : public ::testing::TestWithParam<Answers> {};

TEST_P(NoCatalog, IsAnErrorOfTheDatabase) {
  const FakeServer server(FakeServer::answering(GetParam().answer));
  auto connection = open(server);
  Diagnostics diagnostics;
  const auto catalog = pg::read_catalog(connection, diagnostics);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(Error::Kind::database, catalog.error().kind);
  EXPECT_TRUE(contains(catalog.error().what, "the catalog can't be read: " + GetParam().why))
      << catalog.error().line();
  EXPECT_EQ(small().rows, connection.limits().rows) << "as before";
}

TEST_P(NoCatalog, EndsEveryCommandWithThree) {
  const FakeServer server(FakeServer::answering(GetParam().answer));
  const Folder folder;
  folder.write("q.sql", "SELECT 1;\n");
  for (const std::string command : {"check", "snapshot", "snapshot -o out.json", "explain 'SELECT 1'",
                                    "advise --workload q.sql", "digest"}) {
    if (command == "digest" && contains(GetParam().why, "does not respond like"))
      continue;  // pg_stat_statements is not there: 2
    const auto ran = run(command + " --db " + quoted(server.conninfo()), folder.path());
    EXPECT_EQ(3, ran.exit_code) << command << "\n" << ran.out << ran.err;
    EXPECT_FALSE(ran.err.empty()) << command;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path("out.json")));
}

INSTANTIATE_TEST_SUITE_P(
    Pg, NoCatalog,
    ::testing::Values(
        Answers{"Fails", fails, "permission denied"},
        Answers{"FailsAfterSettings", fails_after_settings, "permission denied"},
        Answers{"NoRows", nothing, "the server does not respond like PostgreSQL: pg_namespace"},
        Answers{"EmptyQuery", empty_query, "the server does not respond like PostgreSQL: pg_namespace"},
        Answers{"OneColumn", one_column, "the server does not respond like PostgreSQL: rows of 1 columns"},
        Answers{"Garbage", garbage, "the server does not respond like PostgreSQL: rows of 22 columns"},
        Answers{"Nulls", nulls, "the server does not respond like PostgreSQL: rows of 22 columns"},
        Answers{"EmptyAfterItself", empty_after_itself,
                "the server does not respond like PostgreSQL: pg_database"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PgHostileServer, OtherReadersFailAsTheDatabase) {
  const FakeServer server(FakeServer::answering(fails));
  auto connection = open(server);
  Diagnostics diagnostics;
  const auto sizes = pg::read_relation_sizes(connection, diagnostics);
  ASSERT_FALSE(sizes);
  EXPECT_EQ(Error::Kind::database, sizes.error().kind);
  const auto statistics = pg::read_statement_statistics(connection, pg::StatementScope::server, diagnostics);
  ASSERT_FALSE(statistics);
  EXPECT_EQ(Error::Kind::database, statistics.error().kind);
  const auto what_if = pg::make_what_if(connection, {});
  ASSERT_FALSE(what_if);
  EXPECT_EQ(Error::Kind::database, what_if.error().kind);
}

}  // namespace
}  // namespace pgadvise
