// The store in a SQLite file: what several uploads of the same facts leave, and what failures leave.
#include <csignal>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/input_file.h"
#include "store/open.h"
#include "store/sqlite.h"
#include "store/sqlite_schema.h"
#include "support/run.h"

namespace pgadvise::store {
namespace {

constexpr std::int64_t day = 86400;
constexpr std::int64_t monday = 1'700'438'400;  // 2023-11-20T00:00:00Z

RecordedFinding finding(const std::string& id, const std::string& rule = "unindexed-foreign-key") {
  return {.id = id, .rule = rule, .location = {"db/1.sql", 3, 1}, .message = "orders has no index."};
}

Facts run_of(std::int64_t started, std::vector<RecordedFinding> findings) {
  RunRecord run{.started = iso_of(started),
                .version = "0.1.0",
                .inputs = {{"SQL script", "db", ""}},
                .scope = {.rules = {"unindexed-foreign-key", "slow-query"}},
                .findings = std::move(findings)};
  return {.target = "shop", .run = std::move(run)};
}

Facts log_of(const std::string& source, std::int64_t start, double mean_ms, std::uint64_t calls = 100,
             std::uint64_t size = 1000) {
  QueryStatistics query{.source = source,
                        .source_size = size,
                        .class_id = "00000000000000aa",
                        .text = "SELECT $1",
                        .bucket_start = start,
                        .bucket_seconds = 3600,
                        .calls = calls,
                        .timed_calls = calls,
                        .total_ns = static_cast<std::int64_t>(mean_ms * 1e6 * static_cast<double>(calls)),
                        .max_ns = static_cast<std::int64_t>(mean_ms * 2e6)};
  for (std::uint64_t i = 0; i < calls; ++i) query.times.add(nanoseconds(mean_ms));
  return {.target = "shop", .queries = {query}};
}

Facts size_of(std::int64_t taken, std::int64_t bytes) {
  return {.target = "shop", .sizes = {{SizeSample::Kind::table, {"public", "orders"}, taken, bytes, 10}}};
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> store(const std::string& name = "store.db") const {
    auto out = open({.path = folder_.path(name)}, true);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().line());
    return out ? std::move(*out) : nullptr;
  }

  void put(const std::vector<Facts>& all, const std::string& name = "store.db") const {
    const auto to = store(name);
    for (const auto& facts : all) {
      const auto done = to->put(facts, monday + 30 * day);
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
    }
  }

  // All rows of all tables, in the order of their keys.
  std::string dump(const std::string& name = "store.db") const {
    auto connection = SqliteConnection::open(folder_.path(name), false);
    EXPECT_TRUE(connection.has_value());
    std::string out;
    for (const std::string table : {"setting", "run", "scope_rule", "scope_input", "finding_event",
                                    "query_class", "source", "query_statistics", "relation_size"}) {
      const auto columns = connection->number("SELECT count(*) FROM pragma_table_info('" + table + "')");
      Statement rows = connection->prepare("SELECT * FROM " + table);
      while (rows.row()) {
        out += table;
        for (std::int64_t i = 0; i < columns.value_or(0); ++i) out += "|" + rows.text();
        out += "\n";
      }
      EXPECT_TRUE(rows.ok()) << table;
    }
    return out;
  }

  FindingLife life(const std::string& id = "01") const {
    const auto lives = store()->findings("shop");
    EXPECT_TRUE(lives.has_value()) << (lives ? "" : lives.error().line());
    for (const auto& one : lives.value_or(std::vector<FindingLife>{}))
      if (one.id == id) return one;
    ADD_FAILURE() << "no finding " << id;
    return {};
  }

  testing_support::Folder folder_;
};

const std::vector<Facts>& uploads() {
  static const std::vector<Facts> all = {run_of(monday, {finding("01"), finding("02", "slow-query")}),
                                         run_of(monday + day, {finding("02", "slow-query")}),
                                         log_of("a", monday, 5),
                                         log_of("a", monday, 6, 150, 2000),  // the same log, grown
                                         log_of("b", monday + 3600, 5),
                                         size_of(monday, 1000),
                                         size_of(monday + day, 2000)};
  return all;
}

TEST_F(StoreTest, TheSameUploadTwiceChangesNothing) {
  put(uploads());
  const std::string once = dump();
  put(uploads());
  EXPECT_EQ(dump(), once);
  EXPECT_NE(once.find("query_statistics|shop|00000000000000aa|1700438400|a|3600|150"), std::string::npos)
      << once;
}

TEST_F(StoreTest, TheOrderOfUploadsDoesNotMatter) {
  put(uploads());
  std::vector<Facts> reversed(uploads().rbegin(), uploads().rend());
  put(reversed, "reversed.db");
  EXPECT_EQ(dump("reversed.db"), dump());
}

TEST_F(StoreTest, OverlappingUploadsOfAGrowingLogCountOnce) {
  put({log_of("a", monday, 5, 100, 1000), log_of("a", monday, 5, 200, 2000),
       log_of("a", monday, 5, 150, 1500)});
  auto connection = SqliteConnection::open(folder_.path("store.db"), false);
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->number("SELECT sum(calls) FROM query_bucket").value_or(0), 200);
  EXPECT_EQ(connection->number("SELECT sum(calls) FROM query_latency").value_or(0), 200);
}

TEST_F(StoreTest, TwoWritersAtOnceLoseNothing) {
  constexpr int each = 40;
  const auto write = [&](const std::string& name, int from) {
    const auto to = store(name);
    for (int i = 0; i < each; ++i) {  // the two overlap by half
      const int number = from + i;
      const auto done = to->put(
          run_of(monday + number * 60, {finding("01"), finding("1" + std::to_string(number))}), monday);
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
    }
  };
  std::thread first([&] { write("both.db", 0); });
  std::thread second([&] { write("both.db", each / 2); });
  first.join();
  second.join();
  write("one.db", 0);
  write("one.db", each / 2);
  EXPECT_EQ(dump("both.db"), dump("one.db"));
}

// In a process of its own, which may end in any way.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

Facts large_run() {
  std::vector<RecordedFinding> findings;
  for (int i = 0; i < 5'000; ++i) {
    findings.push_back(finding(std::to_string(100'000 + i)));
    findings.back().message = std::string(200, 'x');
  }
  return run_of(monday, std::move(findings));
}

TEST_F(StoreTest, AKilledUploadLeavesAllOrNothing) {
  put({run_of(monday, {finding("01")})});
  const std::string before = dump();
  const Facts facts = large_run();
  put({run_of(monday, {finding("01")}), facts}, "whole.db");
  const std::string whole = dump("whole.db");
  int nothing = 0;
  for (int round = 0; round < 8; ++round) {
    const testing_support::Folder folder;
    const std::string path = folder.path("store.db");
    std::filesystem::copy_file(folder_.path("store.db"), path);
    const pid_t child = ::fork();
    if (child == 0) {
      auto to = open({.path = path}, false);
      ::_exit(to && (*to)->put(facts, monday) ? 0 : 1);
    }
    ::usleep(static_cast<useconds_t>(2'000 << round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::filesystem::copy(folder.path(), folder_.path("round"), std::filesystem::copy_options::recursive);
    const std::string after = dump("round/store.db");
    std::filesystem::remove_all(folder_.path("round"));
    EXPECT_TRUE(after == before || after == whole) << "round " << round;
    nothing += after == before;
    // The same upload again: as if nothing had happened.
    auto again = open({.path = path}, false);
    ASSERT_TRUE(again.has_value());
    ASSERT_TRUE((*again)->put(facts, monday).has_value());
  }
  EXPECT_GT(nothing, 0) << "no round killed the upload early";
}

TEST_F(StoreTest, AFullDiskLeavesTheStoreAsItWas) {
  put({run_of(monday, {finding("01")})});
  const std::string before = dump();
  auto connection = SqliteConnection::open(folder_.path("store.db"), false);
  ASSERT_TRUE(connection.has_value());
  const auto pages = connection->number("PRAGMA page_count");
  ASSERT_TRUE(connection->number("PRAGMA max_page_count = " + std::to_string(pages.value_or(0) + 8)));
  const auto limited = sqlite_store(std::move(*connection));
  const auto done = limited->put(large_run(), monday);
  ASSERT_FALSE(done.has_value());
  EXPECT_NE(done.error().what.find("the disk is full"), std::string::npos) << done.error().line();
  EXPECT_EQ(dump(), before);
  EXPECT_TRUE(limited->put(run_of(monday + day, {finding("02")}), monday).has_value()) << "usable afterwards";
}

TEST_F(StoreTest, AFileThatMayNotGrowLeavesTheStoreAsItWas) {
  put({run_of(monday, {finding("01")})});
  const std::string before = dump();
  const Facts facts = large_run();
  const std::string path = folder_.path("store.db");
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{300'000, 300'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto to = open({.path = path}, false);
    return to && !(*to)->put(facts, monday) ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(dump(), before);
}

TEST_F(StoreTest, FindingsHaveALife) {
  put({run_of(monday, {finding("01")}), run_of(monday + day, {finding("01")})});
  EXPECT_EQ(life().state, FindingLife::State::open);
  EXPECT_EQ(life().first_seen, monday);
  EXPECT_EQ(life().last_seen, monday + day);
  EXPECT_EQ(life().runs, 2u);

  Facts elsewhere = run_of(monday + 2 * day, {});
  elsewhere.run->inputs = {{"SQL script", "other", ""}};
  Facts without_rule = run_of(monday + 2 * day, {});
  without_rule.run->scope.rules = {"slow-query"};
  put({elsewhere, without_rule});
  EXPECT_EQ(life().state, FindingLife::State::open) << "no run looked for it";

  put({run_of(monday + 3 * day, {}), run_of(monday + 4 * day, {})});
  EXPECT_EQ(life().state, FindingLife::State::gone);
  EXPECT_EQ(life().gone, monday + 3 * day);
  EXPECT_EQ(life().reopened, std::nullopt);

  put({run_of(monday + 5 * day, {finding("01")})});
  EXPECT_EQ(life().state, FindingLife::State::open);
  EXPECT_EQ(life().reopened, monday + 5 * day);
  EXPECT_EQ(life().first_seen, monday);

  RecordedFinding refuted = finding("01");
  refuted.state = RecordedFinding::State::refuted;
  put({run_of(monday + 6 * day, {refuted})});
  EXPECT_EQ(life().gone, monday + 6 * day);

  RecordedFinding suppressed = finding("01");
  suppressed.state = RecordedFinding::State::suppressed;
  put({run_of(monday + 7 * day, {suppressed})});
  EXPECT_EQ(life().state, FindingLife::State::suppressed);
}

TEST_F(StoreTest, AMigrationsFindingIsGoneOnlyWhenTheMigrationIsChecked) {
  Facts next = run_of(monday + day, {});
  next.run->scope = {.migration_rules = {"blocking-index-build"}, .migrations = {"db/2.sql"}};
  put({run_of(monday, {finding("01", "blocking-index-build")}), next});
  EXPECT_EQ(life().state, FindingLife::State::open);
  next.run->started = iso_of(monday + 2 * day);
  next.run->scope.migrations = {"./db/1.sql"};
  put({next});
  EXPECT_EQ(life().state, FindingLife::State::gone);
}

TEST_F(StoreTest, ADatabasesFindingIsGoneOnlyInItsDatabase) {
  const auto of = [](std::int64_t started, const char* database, std::vector<RecordedFinding> findings) {
    Facts out = run_of(started, std::move(findings));
    out.run->inputs = {{"database", database, ""}};
    return out;
  };
  RecordedFinding live = finding("01");
  live.location = {};
  put({of(monday, "shop", {live}), of(monday + day, "billing", {})});
  EXPECT_EQ(life().state, FindingLife::State::open);
  put({of(monday + 2 * day, "shop", {})});
  EXPECT_EQ(life().state, FindingLife::State::gone);
}

TEST_F(StoreTest, QueriesAreComparedWithTheSameHourOfTheWeek) {
  const std::int64_t now = monday + 14 * day;
  put({log_of("a", monday + 9 * 3600, 10), log_of("b", monday + 7 * day + 9 * 3600, 20),
       log_of("c", now - day + 9 * 3600, 500),  // another day of the week
       log_of("d", now + 8 * 3600, 500),        // an hour without earlier weeks
       log_of("e", now + 9 * 3600, 60)});
  const auto changes = store()->query_changes("shop");
  ASSERT_TRUE(changes.has_value()) << changes.error().line();
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_DOUBLE_EQ(changes->front().mean_ms, 60);
  EXPECT_DOUBLE_EQ(changes->front().earlier_mean_ms, 15);
  EXPECT_EQ(changes->front().weeks, 2u);
  EXPECT_EQ(changes->front().calls, 100u);
  EXPECT_TRUE(store()->query_changes("other").value_or(std::vector<QueryChange>(1)).empty());
}

TEST_F(StoreTest, TablesThatGrow) {
  put({size_of(monday - 60 * day, 1), size_of(monday, 1000), size_of(monday + 20 * day, 4000)});
  const auto growth = store()->growth("");
  ASSERT_TRUE(growth.has_value()) << growth.error().line();
  ASSERT_EQ(growth->size(), 1u);
  EXPECT_EQ(growth->front().bytes_before, 1000);
  EXPECT_EQ(growth->front().bytes, 4000);
  EXPECT_EQ(growth->front().until - growth->front().from, 20 * day);
}

TEST_F(StoreTest, RetentionRemovesOldFacts) {
  auto to = open({.path = folder_.path("store.db"), .retention_days = 10}, true);
  ASSERT_TRUE(to.has_value());
  for (const auto& facts : uploads()) ASSERT_TRUE((*to)->put(facts, monday + day).has_value());
  EXPECT_EQ((*to)->findings("").value_or(std::vector<FindingLife>{}).size(), 2u);
  ASSERT_TRUE((*to)->put(size_of(monday + 40 * day, 1), monday + 40 * day).has_value());
  EXPECT_EQ(dump().find("finding_event"), std::string::npos);
  EXPECT_EQ(dump().find("query_"), std::string::npos);
  EXPECT_EQ(dump().find("scope_"), std::string::npos);
  ASSERT_TRUE(open({.path = folder_.path("store.db")}, false).has_value());
  EXPECT_NE(dump().find("setting|retention_days|10"), std::string::npos) << "the store keeps the setting";
}

TEST_F(StoreTest, BringsAnEarlierVersionUpToDate) {
  put(uploads());
  const std::string before = dump();
  auto connection = SqliteConnection::open(folder_.path("store.db"), false);
  ASSERT_TRUE(connection.has_value());
  ASSERT_TRUE(
      connection->run("DROP VIEW finding_life; CREATE VIEW finding_life AS SELECT 1; UPDATE setting SET "
                      "value = 0 WHERE name = 'views_version'"));
  EXPECT_EQ(life().first_seen, monday) << "the views are this version's";
  EXPECT_EQ(dump(), before);
  // An empty file is version 0: what an interrupted creation leaves.
  folder_.write("empty.db", "");
  put(uploads(), "empty.db");
  EXPECT_EQ(dump("empty.db"), before);
}

TEST_F(StoreTest, RefusesOtherFiles) {
  folder_.write("text.db", std::string(5000, 'x'));
  const auto text = open({.path = folder_.path("text.db")}, true);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(read_file(folder_.path("text.db")).value_or(""), std::string(5000, 'x'));
  EXPECT_FALSE(open({.path = folder_.path("missing.db")}, false).has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_.path("missing.db")));

  auto other = SqliteConnection::open(folder_.path("other.db"), true);
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(other->run("CREATE TABLE theirs (a)"));
  const auto theirs = open({.path = folder_.path("other.db")}, true);
  ASSERT_FALSE(theirs.has_value());
  EXPECT_NE(theirs.error().what.find("another program"), std::string::npos);

  put(uploads());
  auto later = SqliteConnection::open(folder_.path("store.db"), false);
  ASSERT_TRUE(later->run("PRAGMA user_version = 99"));
  const auto refused = open({.path = folder_.path("store.db")}, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().what.find("later version"), std::string::npos);
}

TEST_F(StoreTest, IsAccessibleToTheUserOnly) {
  put(uploads(), "state/pgadvise/store.db");
  struct stat status{};
  ASSERT_EQ(::stat(folder_.path("state/pgadvise/store.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(folder_.path("state/pgadvise").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(StoreUrl, ReadsSqliteAndRefusesOthers) {
  ::setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(read_url("sqlite")->path, "/state/pgadvise/store.db");
  EXPECT_EQ(read_url("sqlite:a b.db")->path, "a b.db");
  EXPECT_EQ(read_url("sqlite:a.db?retention=90")->retention_days, 90);
  ::setenv("PGADVISE_STORE", "sqlite:/x.db", 1);
  EXPECT_EQ(read_url("env")->path, "/x.db");
  ::unsetenv("PGADVISE_STORE");
  for (const char* url : {"env", "", "sqlite:", "file.db", "sqlite:a.db?retention=0", "sqlite:a.db?keep=1",
                          "sqlite:a.db?retention=1x", "postgresql://joe:geheim@host/db"}) {
    const auto refused = read_url(url);
    ASSERT_FALSE(refused.has_value()) << url;
    EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos);
  }
  ::setenv("XDG_STATE_HOME", "relative", 1);
  ::setenv("HOME", "/home/joe", 1);
  EXPECT_EQ(read_url("sqlite")->path, "/home/joe/.local/state/pgadvise/store.db");
}

TEST(StoreFacts, ReadsAndWritesTimes) {
  EXPECT_EQ(seconds_of("2023-11-20T00:00:00Z"), monday);
  EXPECT_EQ(iso_of(monday + 3661), "2023-11-20T01:01:01Z");
  for (const char* text :
       {"", "2023-11-20", "2023-02-30T00:00:00Z", "2023-11-20T24:00:00Z", "2023-11-20T00:00:00+"})
    EXPECT_EQ(seconds_of(text), std::nullopt) << text;
}

TEST(StoreFacts, OneLogsStatisticsAreOfWholeHours) {
  Workload workload;
  workload.sources.resize(1);
  workload.sources[0].format = "stderr";
  workload.sources[0].identity = {.bytes = 500, .marks = "0123456789abcdef", .tail = "1"};
  workload.queries.push_back({.fingerprint = "00000000000000aa",
                              .text = "SELECT $1",
                              .calls = 2,
                              .timed_calls = 2,
                              .total_ms = 10,
                              .first = (monday + 100) * 1'000'000,
                              .last = (monday + 3700) * 1'000'000});
  Diagnostics diagnostics;
  const auto found = query_statistics(workload, diagnostics);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].bucket_start, monday);
  EXPECT_EQ(found[0].bucket_seconds, 7200);
  EXPECT_EQ(found[0].total_ns, 10'000'000);
  EXPECT_TRUE(diagnostics.empty());
  workload.sources[0].identity.marks += "01234567";  // grown
  EXPECT_EQ(query_statistics(workload, diagnostics)[0].source, found[0].source);
  workload.sources.resize(2);
  EXPECT_TRUE(query_statistics(workload, diagnostics).empty());
  EXPECT_EQ(diagnostics.size(), 1u);
}

}  // namespace
}  // namespace pgadvise::store
