// The store in a SQLite file: what several uploads of the same facts leave, and what failures leave.
#include <csignal>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/files/input_file.h"
#include "base/iso_time.h"
#include "store/open.h"
#include "store/sqlite/sqlite.h"
#include "store/sqlite/sqlite_schema.h"
#include "support/child.h"
#include "support/run.h"
#include "support/sqlite_rows.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

struct SqliteEngine {
  std::unique_ptr<Store> open(const std::string& name, std::optional<int> retention = {}) const {
    auto out =
        store::open({.path = folder.path(name + ".db"), .retention_days = retention, .conninfo = {}}, true);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().line());
    return out ? std::move(*out) : nullptr;
  }

  std::string dump(const std::string& name) const { return rows_in(folder.path(name + ".db")); }

  std::string value(const std::string& sql) const {
    auto connection = SqliteConnection::open(folder.path("store.db"), false);
    EXPECT_TRUE(connection.has_value());
    Statement rows = connection->prepare(sql);
    return rows.row() ? rows.text() : std::string();
  }

  testing_support::Folder folder;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreCases, SqliteEngine);

class StoreTest : public testing::Test {
 protected:
  void put(const std::vector<Facts>& all, const std::string& name = "store") const {
    put_all(*engine_.open(name), all);
  }
  std::string dump(const std::string& name = "store") const { return engine_.dump(name); }

  SqliteEngine engine_;
  const testing_support::Folder& folder_ = engine_.folder;
};

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
  const int status = testing_support::in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{300'000, 300'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto to = open({.path = path}, false);
    return to && !(*to)->put(facts, monday) ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(dump(), before);
}

TEST_F(StoreTest, BringsAnEarlierVersionUpToDate) {
  put(uploads());
  const std::string before = dump();
  auto connection = SqliteConnection::open(folder_.path("store.db"), false);
  ASSERT_TRUE(connection.has_value());
  ASSERT_TRUE(
      connection->run("DROP VIEW finding_life; CREATE VIEW finding_life AS SELECT 1; UPDATE setting SET "
                      "value = 0 WHERE name = 'views_version'"));
  const auto lives = engine_.open("store")->findings("shop");
  ASSERT_TRUE(lives.has_value() && !lives->empty());
  EXPECT_EQ(lives->front().first_seen, monday) << "the views are this version's";
  EXPECT_EQ(dump(), before);
  // Version 1 has neither plans, owners, scans of indexes nor samples.
  for (const char* view :
       {"session_load", "plan_change", "index_unused", "relation_growth", "query_change", "query_latency",
        "query_bucket", "finding_life", "finding_look", "finding_latest"}) {
    ASSERT_TRUE(connection->run(std::string("DROP VIEW ") + view));
  }
  for (const char* table : {"plan", "plan_relation", "query_plan", "server_sample", "index_scan",
                            "session_sample", "lock_wait_sample"}) {
    ASSERT_TRUE(connection->run(std::string("DROP TABLE ") + table));
  }
  for (const char* column : {"owner", "reason", "until"}) {
    ASSERT_TRUE(connection->run(std::string("ALTER TABLE finding_event DROP COLUMN ") + column));
  }
  ASSERT_TRUE(connection->run("PRAGMA user_version = 1"));
  put(uploads());
  EXPECT_EQ(dump(), before) << "the same uploads, after the migration";
  // An empty file is version 0: what an interrupted creation leaves.
  folder_.write("empty.db", "");
  put(uploads(), "empty");
  EXPECT_EQ(dump("empty"), before);
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
  put(uploads(), "state/pgadvise/store");
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
                          "sqlite:a.db?retention=1x", "mysql://joe:geheim@host/db",
                          "postgresql://joe:geheim@host/db?retention=0"}) {
    const auto refused = read_url(url);
    ASSERT_FALSE(refused.has_value()) << url;
    EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos);
  }
  ::setenv("XDG_STATE_HOME", "relative", 1);
  ::setenv("HOME", "/home/joe", 1);
  EXPECT_EQ(read_url("sqlite")->path, "/home/joe/.local/state/pgadvise/store.db");
}

TEST(StoreUrl, ReadsAPostgresDatabase) {
  const auto plain = read_url("postgresql://joe:geheim@host/db?sslmode=require&retention=90");
  ASSERT_TRUE(plain.has_value());
  EXPECT_TRUE(plain->path.empty());
  EXPECT_EQ(plain->retention_days, 90);
  EXPECT_EQ(plain->conninfo, "postgresql://joe:geheim@host/db?sslmode=require&retention=90");
  EXPECT_EQ(shown(*plain).find("geheim"), std::string::npos);
  EXPECT_EQ(read_url("postgres://host/db")->retention_days, std::nullopt);
  EXPECT_EQ(read_url("service='team'")->conninfo, "service='team'");
  EXPECT_EQ(read_url("postgresql://joe:a?retention=5@host/db")->retention_days, std::nullopt);
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
