// The store in a ClickHouse database: the cases of every engine, and what only a server can do. Skipped where
// the packages of tests/clickhouse are not installed.
#include <algorithm>
#include <ctime>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/text/text.h"
#include "store/clickhouse/clickhouse_schema.h"
#include "store/open.h"
#include "store/sqlite/sqlite_connection.h"
#include "store/sqlite/sqlite_schema.h"
#include "store/store/spool.h"
#include "store/store/views.h"
#include "support/child.h"
#include "support/clickhouse_server.h"
#include "support/small_disk.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

using testing_support::ClickHouseServer;

Address address_of(const std::string& url, std::optional<int> retention = {}) {
  Address out;
  out.clickhouse = url;
  out.retention_days = retention;
  return out;
}

struct ClickHouseEngine {
  explicit ClickHouseEngine(const std::string& folder = "") : server("", folder) {}
  static std::string missing() { return ClickHouseServer::missing(); }

  std::unique_ptr<Store> open(const std::string& name, std::optional<int> retention = {}) const {
    auto out = store::open(address_of(server.url(name), retention), true);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().line());
    return out ? std::move(*out) : nullptr;
  }

  std::string dump(const std::string& name) const {
    std::string out;
    for (const std::string table : store_tables)
      for (const auto& row : server.query(name, "SELECT * FROM " + table + " ORDER BY ALL")) {
        out += table;
        for (const auto& value : row) out += "|" + value.value_or("");
        out += "\n";
      }
    return out;
  }

  std::string value(const std::string& sql) const {
    const auto rows = server.query("store", sql);
    return rows.empty() ? std::string() : rows.front().front().value_or("");
  }

  ClickHouseServer server;
};

// Makes the server on first use, so that a skipped test does not start one.
struct LazyEngine {
  static std::string missing() { return ClickHouseEngine::missing(); }
  ClickHouseEngine& engine() {
    if (!made) made = std::make_unique<ClickHouseEngine>();
    return *made;
  }
  std::unique_ptr<Store> open(const std::string& name, std::optional<int> retention = {}) {
    return engine().open(name, retention);
  }
  std::string dump(const std::string& name) { return engine().dump(name); }
  std::string value(const std::string& sql) { return engine().value(sql); }
  std::unique_ptr<ClickHouseEngine> made;
};

INSTANTIATE_TYPED_TEST_SUITE_P(ClickHouse, StoreCases, LazyEngine);

class ClickHouseStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = ClickHouseEngine::missing(); !why.empty()) GTEST_SKIP() << why;
  }

  ClickHouseEngine& engine() { return lazy_.engine(); }
  ClickHouseServer& server() { return engine().server; }
  std::string calls() { return engine().value("SELECT sum(calls) FROM query_bucket"); }

 private:
  LazyEngine lazy_;
};

TEST_F(ClickHouseStoreTest, AnUploadThatFailsAtAnyPointShowsAllOrNothingAndCanBeRepeated) {
  put_all(*engine().open("store"), {run_of(monday, {finding("01")}), log_of("a", monday, 5, 100, 1000)});
  const std::string before = engine().dump("store");
  Facts facts = run_of(monday + day, {finding("01"), finding("02")});
  facts.queries = log_of("a", monday, 5, 150, 2000).queries;
  facts.queries.push_back(facts.queries.front());
  facts.queries.back().class_id = "00000000000000bb";
  put_all(*engine().open("whole"),
          {run_of(monday, {finding("01")}), log_of("a", monday, 5, 100, 1000), facts});
  const std::string whole = engine().dump("whole");
  const auto to = engine().open("store");
  int failed = 0;
  for (int requests = 0;; ++requests) {
    server().fail_after(requests);
    const auto done = to->put(facts, monday + 30 * day);
    server().fail_after(-1);
    const std::string events = engine().value("SELECT count() FROM finding_event"), sum = calls();
    EXPECT_TRUE(events == "1" || events == "3") << requests << ": " << events;
    EXPECT_TRUE(sum == "100" || sum == "300") << requests << ": " << sum;
    if (done) break;
    ++failed;
    EXPECT_EQ(done.error().kind, Error::Kind::usage);
  }
  EXPECT_GE(failed, 6) << "of the requests of an upload";
  EXPECT_EQ(engine().dump("store"), whole);
  EXPECT_NE(before, whole);
}

// The lines of a dump that belong together: a reader sees all or none of them.
std::vector<std::string> groups_of(const std::string& dump) {
  std::vector<std::string> out(5);
  for (const auto line : split(dump, '\n')) {
    const std::string_view table = line.substr(0, line.find('|'));
    if (table == "run" || table == "finding_event") out[0] += std::string(line) + "\n";
    if (table == "source" || table == "query_statistics") out[1] += std::string(line) + "\n";
    if (table == "server_sample" || table == "index_scan") out[2] += std::string(line) + "\n";
    if (table == "session_sample") out[3] += std::string(line) + "\n";
    if (table == "lock_wait_sample") out[4] += std::string(line) + "\n";
  }
  return out;
}

class KilledClickHouseUpload : public ClickHouseStoreTest {
 protected:
  // A process that opens the store, or creates it, and uploads.
  pid_t start_upload(const std::string& name) {
    const std::string url = server().url(name);
    return testing_support::start_child([&] {
      const auto to = store::open(address_of(url), true);
      return to && (*to)->put(everything(), monday + 30 * day) ? 0 : 1;
    });
  }
  std::string after(const std::string& name) {
    engine().open(name);
    return engine().dump(name);
  }

  // The server has run the last request, but the client is killed before it gets the answer. Every request,
  // or evenly chosen ones if the upload has more than `most`. `begin` makes a store as it is before the
  // upload.
  void kill_at_each(int most, const std::function<void(const std::string&)>& begin) {
    begin("nothing");
    const std::string nothing = after("nothing");
    begin("whole");
    const int before = server().hang_after(-1);
    ASSERT_EQ(testing_support::wait_for(start_upload("whole")), 0) << "the upload fails";
    const int requests = server().hang_after(-1) - before;
    const std::string all = after("whole");
    for (const std::string table : store_tables)
      ASSERT_NE(("\n" + all).find("\n" + table + "|"), std::string::npos) << "everything() lacks " << table;
    const int step = std::max(1, (requests + most - 1) / most);
    std::set<int> points{requests - 1};
    for (int point = 0; point < requests; point += step) points.insert(point);
    std::size_t with_nothing = 0, with_all = 0;
    for (const int point : points) {
      if (HasFailure()) break;
      const std::string name = fmt::format("killed{}", point);
      begin(name);
      server().hang_after(point);
      const pid_t child = start_upload(name);
      server().wait_until_it_hangs();
      ::kill(child, SIGKILL);
      EXPECT_TRUE(testing_support::was_killed(testing_support::wait_for(child)));
      server().hang_after(-1);
      const std::string found = after(name);
      for (std::size_t i = 0; i < groups_of(found).size(); ++i) {
        const std::string group = groups_of(found)[i];
        EXPECT_TRUE(group == groups_of(nothing)[i] || group == groups_of(all)[i])
            << "request " << point << ": " << group;
      }
      with_nothing += groups_of(found) == groups_of(nothing);
      with_all += found == all;
      put_all(*engine().open(name), {everything()});
      EXPECT_EQ(engine().dump(name), all) << "request " << point << " of " << requests;
    }
    EXPECT_GE(with_nothing, 5u);
    EXPECT_GE(with_all, 1u) << "requests behind the last insert";
  }
};

TEST_F(KilledClickHouseUpload, LeavesAllOrNothing) {
  kill_at_each(100, [&](const std::string& name) {
    put_all(*engine().open(name), {run_of(monday, {finding("01")}), log_of("a", monday, 5)});
  });
}

TEST_F(KilledClickHouseUpload, ThatCreatesTheStoreLeavesAllOrNothing) {
  kill_at_each(8, [](const std::string&) {});
}

TEST_F(ClickHouseStoreTest, WhatItDidNotTakeWaitsInTheSpool) {
  put_all(*engine().open("whole"), uploads());
  const testing_support::Folder folder;
  const auto to = engine().open("store");
  Spool spool(folder.path("spool"), address_of(server().url("store")));
  int requests = 0;
  for (const auto& facts : uploads()) {
    server().fail_after(requests++ % 4);  // some of them end in the middle
    if (!to->put(facts, monday + 30 * day)) {
      EXPECT_TRUE(spool.keep(facts, monday + 30 * day).has_value());
    }
  }
  const auto waiting = spool.state().runs;
  EXPECT_GE(waiting, 5u);
  server().fail_after(0);
  EXPECT_NE(spool.send(*to, monday + 30 * day).failure, "");
  EXPECT_EQ(spool.state().runs, waiting);
  server().fail_after(-1);
  std::size_t sent = 0;
  for (int round = 0; round < 20 && sent < waiting; ++round) {  // each takes at most about 20 seconds
    const auto done = spool.send(*to, monday + 30 * day);
    EXPECT_EQ(done.failure, "");
    sent += done.sent;
  }
  EXPECT_EQ(sent, waiting);
  EXPECT_EQ(engine().dump("store"), engine().dump("whole"));
}

TEST(FullClickHouseDisk, LeavesTheStoreAsItWasAndTheRunWaitsInTheSpool) {
  if (const std::string why = ClickHouseEngine::missing(); !why.empty()) GTEST_SKIP() << why;
  const testing_support::SmallDisk disk(64);
  if (!disk.missing().empty()) GTEST_SKIP() << disk.missing();
  ClickHouseEngine engine(disk.path("data"));
  const Facts facts = large_run();
  put_all(*engine.open("whole"), {run_of(monday, {finding("01")}), facts});
  const auto to = engine.open("store");
  put_all(*to, {run_of(monday, {finding("01")})});
  const std::string before = engine.dump("store");
  disk.fill();
  const auto refused = to->put(facts, monday + day);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_NE(refused.error().what.find("disk of the server is full"), std::string::npos)
      << refused.error().line();
  EXPECT_EQ(engine.dump("store"), before);
  const testing_support::Folder folder;
  Spool spool(folder.path("spool"), address_of(engine.server.url("store")));
  ASSERT_TRUE(spool.keep(facts, monday + day).has_value());
  EXPECT_NE(spool.send(*to, monday + day).failure, "");
  EXPECT_EQ(spool.state().runs, 1u);
  disk.make_room();
  const auto sent = spool.send(*to, monday + day);
  EXPECT_EQ(sent.failure, "");
  EXPECT_EQ(sent.sent, 1u);
  EXPECT_EQ(engine.dump("store"), engine.dump("whole"));
}

TEST_F(ClickHouseStoreTest, ASampleOfScansIsCompleteOrAbsent) {
  const auto to = engine().open("store");
  put_all(*to, {scans_of(monday, "a", 7), scans_of(monday + 10 * day, "a", 7)});
  const auto unused = [&] { return engine().value("SELECT until FROM index_unused"); };
  EXPECT_EQ(unused(), std::to_string(monday + 10 * day));
  server().query("store",
                 fmt::format("INSERT INTO index_scan_rows SELECT * REPLACE ({} AS taken, 9 AS scans) "
                             "FROM index_scan_rows LIMIT 1",
                             monday + 11 * day));
  EXPECT_EQ(unused(), std::to_string(monday + 10 * day)) << "of an upload that failed";
  EXPECT_EQ(engine().value("SELECT count() FROM index_scan"), "2");
}

TEST_F(ClickHouseStoreTest, TheLargerLogStaysWhoeverComesLast) {
  const auto to = engine().open("store");
  put_all(*to, {log_of("a", monday, 5, 150, 2000)});
  // As of a host that looked for the log before the larger upload was complete.
  server().query("store",
                 "INSERT INTO query_statistics_rows SELECT * REPLACE (99 AS calls, 1000 AS size) FROM "
                 "query_statistics_rows");
  server().query("store", "INSERT INTO source_rows SELECT * REPLACE (1000 AS size) FROM source_rows");
  EXPECT_EQ(calls(), "150");
}

// Of a few names and times, so that runs, logs and sizes meet.
class RandomFacts {
 public:
  explicit RandomFacts(std::uint32_t seed) : random_(seed) {}

  Facts next() {
    Facts out;
    const auto kind = below(5);
    if (kind == 0) out = run();
    else if (kind == 1) out = log();
    else if (kind == 2) out = size();
    else if (kind == 3) out = plan();
    else return scans();
    out.target = below(2) ? "shop" : "billing";
    return out;
  }

 private:
  std::int64_t below(std::uint32_t end) { return random_() % end; }

  Facts log() {
    const std::string source = fmt::format("log{}", ++logs_);
    const std::int64_t first = monday + below(70) * day, start = first + below(24) * 3600;
    const double mean_ms = static_cast<double>(1 + below(50));
    return log_of(source, start, mean_ms, static_cast<std::uint64_t>(1 + below(9)));
  }

  // At no time of another sample: of two sizes of one time either counts.
  Facts size() { return size_of(monday + ++sizes_ * day + 1, 1000 * (1 + below(5))); }

  Facts run() {
    std::vector<RecordedFinding> findings;
    for (int id = 0; id < 6; ++id) {
      if (below(2)) continue;
      findings.push_back(finding(fmt::format("{:02}", id), id % 2 ? "slow-query" : "unindexed-foreign-key"));
      auto& last = findings.back();
      if (id > 2) last.location = {};
      last.message = fmt::format("message {}", below(100));
      last.impact.score = static_cast<double>(below(1000)) / 8;
      constexpr RecordedFinding::State states[] = {
          RecordedFinding::State::standing, RecordedFinding::State::standing,
          RecordedFinding::State::suppressed, RecordedFinding::State::accepted,
          RecordedFinding::State::refuted};
      last.state = states[below(std::size(states))];
    }
    Facts out = run_of(monday + ++runs_ * 3600, std::move(findings));
    if (below(3) == 0) out.run->scope.rules = {"slow-query"};
    if (below(3) == 0) out.run->inputs = {{"SQL script", below(2) ? "other" : ".", ""}};
    if (below(2)) out.run->inputs.push_back({"database", below(2) ? "shop" : "billing", ""});
    return out;
  }

  Facts plan() {
    std::vector<std::string> indexes;
    for (const char* name : {"by_state", "by_day"})
      if (below(3)) indexes.emplace_back(name);
    const std::string index = below(2) ? "by_state" : "";
    const std::int64_t bytes = 1000 * (1 + below(3)), major = 15 + below(8) / 7;
    return plan_of(monday + ++plans_ * day, index, bytes, std::move(indexes), major);
  }

  // At no time of other sizes.
  Facts scans() {
    const std::string server = below(3) ? "a" : "b";
    const std::int64_t count = 7 + below(8) / 7, replicas = below(2);
    return scans_of(monday + ++samples_ * day + 2, server, count, replicas);
  }

  std::mt19937 random_;
  int samples_ = 0;
  int logs_ = 0, runs_ = 0, plans_ = 0, sizes_ = 0;
};

// All answers of a store, a line each.
std::string answers_of(Store& store) {
  std::string out;
  const auto time = [](const std::optional<std::int64_t>& seconds) { return seconds.value_or(-1); };
  for (const auto& one : store.findings("").value_or(std::vector<FindingLife>{}))
    out += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}\n", one.target, one.id, one.rule, one.message,
                       one.file, static_cast<int>(one.state), one.first_seen, one.last_seen, time(one.gone),
                       time(one.reopened), one.runs, one.score);
  for (const auto& one : store.query_changes("").value_or(std::vector<QueryChange>{}))
    out += fmt::format("{} {} {} {} {:.6f} {:.6f} {}\n", one.target, one.class_id, one.text, one.calls,
                       one.mean_ms, one.earlier_mean_ms, one.weeks);
  for (const auto& one : store.growth("").value_or(std::vector<RelationGrowth>{}))
    out += fmt::format("{} {} {}.{} {} {} {} {}\n", one.target, one.kind, one.schema, one.name, one.from,
                       one.until, one.bytes_before, one.bytes);
  for (const auto& one : store.unused_indexes("").value_or(std::vector<UnusedIndex>{}))
    out += fmt::format("{} {}.{} {} {} {} {} {} {}\n", one.target, one.schema, one.name, one.bytes, one.from,
                       one.until, one.servers, one.primaries, one.replicas);
  for (const auto& one : store.plan_changes("").value_or(std::vector<PlanChangeOfQuery>{}))
    out += fmt::format("{} {} {} {} {} {} {} {} {} {} {}: {}\n", one.target, one.class_id, one.text,
                       one.since, one.until, one.plan_before, one.plan, one.cost_before, one.cost,
                       one.changes, one.cause, one.detail);
  for (const auto& one : store.lock_waits("", monday).value_or(std::vector<LockWait>{}))
    out += fmt::format("{} {}.{} {} {} {} {} {} {}\n", one.target, one.schema, one.name, one.mode, one.holder,
                       one.wait_seconds, one.holder_seconds, one.seen, one.samples);
  return out;
}

TEST_F(ClickHouseStoreTest, AnswersAsSqliteDoes) {
  const testing_support::Folder folder;
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const std::string name = fmt::format("store{}", seed);
    Address file;
    file.path = folder.path(name + ".db");
    const auto sqlite = store::open(file, true);
    ASSERT_TRUE(sqlite.has_value()) << sqlite.error().line();
    const auto clickhouse = engine().open(name);
    RandomFacts random(seed);
    for (int i = 0; i < 60; ++i) {
      const Facts facts = random.next();
      put_all(**sqlite, {facts});
      put_all(*clickhouse, {facts});
    }
    const std::string expected = answers_of(**sqlite);
    EXPECT_GT(expected.size(), 500u);
    EXPECT_EQ(answers_of(*clickhouse), expected) << "seed " << seed;
    const auto views = server().query(name,
                                      "SELECT name FROM system.tables WHERE engine = 'View' AND database = "
                                      "currentDatabase()");
    EXPECT_GT(views.size(), 15u);
    for (const auto& view : views)
      server().query(name, "CREATE OR REPLACE VIEW " + view.front().value_or("") + " AS SELECT 1 AS x");
    EXPECT_EQ(answers_of(*engine().open(name)), expected) << "views of somebody else are not read";
  }
}

TEST_F(ClickHouseStoreTest, ViewsHaveTheColumnsOfTheOtherEngines) {
  engine().open("store");
  const testing_support::Folder folder;
  auto connection = SqliteConnection::open(folder.path("store.db"), true);
  ASSERT_TRUE(connection.has_value());
  ASSERT_TRUE(migrate(*connection, "store.db").has_value());
  connection = SqliteConnection::open(folder.path("store.db"), false);  // one that may read views
  ASSERT_TRUE(connection.has_value());
  const auto check = [&](const std::string& name) {
    Statement columns = connection->prepare("SELECT group_concat(name, ' ') FROM pragma_table_info(?)");
    ASSERT_TRUE(columns.bind(name).row());
    EXPECT_EQ(engine().value("SELECT arrayStringConcat(groupArray(name), ' ') FROM (SELECT name FROM "
                             "system.columns WHERE database = 'store' AND table = '" +
                             name + "' ORDER BY position)"),
              columns.text())
        << name;
  };
  for (const char* table : store_tables) check(table);
  for (const auto& view : view_definitions(Dialect{})) check(view.name);
}

TEST_F(ClickHouseStoreTest, RefusesTablesOfOthersAndLaterVersions) {
  server().query("", "CREATE DATABASE shop");
  server().query("shop", "CREATE TABLE orders (id Int64) ENGINE = MergeTree ORDER BY id");
  const auto others = store::open(address_of(server().url("shop")), true);
  ASSERT_FALSE(others.has_value());
  EXPECT_NE(others.error().what.find("tables of other programs"), std::string::npos) << others.error().line();
  EXPECT_EQ(others.error().line().find("geheim"), std::string::npos);

  const auto none = store::open(address_of(server().url("nothing")), false);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().what, "there is no store");

  engine().open("store");
  server().query("store", "INSERT INTO setting_rows VALUES ('tables_version', 99, 99)");
  const auto later = store::open(address_of(server().url("store")), true);
  ASSERT_FALSE(later.has_value());
  EXPECT_NE(later.error().what.find("later version"), std::string::npos) << later.error().line();
}

TEST_F(ClickHouseStoreTest, FinishesAStoreThatIsNotComplete) {
  put_all(*engine().open("store"), uploads());
  const std::string before = engine().dump("store");
  for (const char* sql : {"DROP VIEW plan_change", "DROP VIEW setting", "DROP VIEW run"})
    server().query("store", sql);
  put_all(*engine().open("store"), uploads());
  EXPECT_EQ(engine().dump("store"), before);
}

TEST_F(ClickHouseStoreTest, AUserWhoMayOnlyReadAsksForTheHistory) {
  put_all(*engine().open("store", 90), uploads());
  const auto reader = store::open(address_of(server().url("store", "reader"), 90), false);
  ASSERT_TRUE(reader.has_value()) << reader.error().line();
  EXPECT_EQ((*reader)->findings("").value_or(std::vector<FindingLife>{}).size(), 2u);
  const auto refused = (*reader)->put(run_of(monday, {}), monday);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_NE(refused.error().hint.find("grants"), std::string::npos) << refused.error().line();
}

TEST_F(ClickHouseStoreTest, AWrongPasswordIsNamedAndNotShown) {
  const auto refused = store::open(address_of(server().url("store", "joe", "falsch")), true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_NE(refused.error().line().find("127.0.0.1"), std::string::npos) << refused.error().line();
  EXPECT_NE(refused.error().hint.find("CLICKHOUSE_PASSWORD"), std::string::npos);
  EXPECT_EQ(refused.error().line().find("falsch"), std::string::npos) << refused.error().line();
}

TEST_F(ClickHouseStoreTest, RetentionDropsDaysAndKeepsWhatTheServersClockKeeps) {
  const auto to = engine().open("store", 10);
  ASSERT_TRUE(to->put(log_of("a", monday, 5), monday).has_value());
  EXPECT_EQ(
      engine().value("SELECT partition FROM system.parts WHERE active AND database = 'store' AND table = "
                     "'query_statistics_rows'"),
      "20231120");
  const std::int64_t today = std::time(nullptr);
  ASSERT_TRUE(to->put(size_of(today, 1), today + 1000 * day).has_value());
  EXPECT_EQ(engine().value("SELECT count() FROM relation_size"), "1") << "of a host whose clock is fast";
  EXPECT_EQ(engine().value("SELECT count() FROM query_statistics"), "0");
  EXPECT_EQ(engine().value("SELECT count() FROM system.parts WHERE active AND database = 'store' AND table = "
                           "'query_statistics_rows'"),
            "0");
}

TEST_F(ClickHouseStoreTest, AFastClockOfAHostChangesNothing) {
  expect_a_fast_clock_changes_nothing(engine());
}

// The tables of a cluster need several servers; their definitions are at least ClickHouse's SQL.
TEST_F(ClickHouseStoreTest, TheDefinitionsOfAClusterAreValidSyntax) {
  ClickHouseAddress address;
  address.database = "store";
  address.cluster = "main";
  for (const auto& sql : clickhouse_definitions(address))
    EXPECT_FALSE(server().query("", "EXPLAIN AST " + sql).empty()) << sql;
}

TEST_F(ClickHouseStoreTest, ARepeatedInsertWritesNoSecondPart) {
  const auto to = engine().open("store");
  ASSERT_TRUE(to->put(size_of(monday, 1), monday).has_value());
  ASSERT_TRUE(to->put(size_of(monday, 1), monday).has_value());
  EXPECT_EQ(engine().value("SELECT count() FROM relation_size_rows"), "1");
}

}  // namespace
}  // namespace pgadvise::store
