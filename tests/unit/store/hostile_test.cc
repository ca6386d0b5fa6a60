// A SQLite store that somebody else wrote: what its schema and the files beside it try to make pgadvise do.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/files/input_file.h"
#include "store/open.h"
#include "store/sqlite/sqlite.h"
#include "store/sqlite/sqlite_schema.h"
#include "store/store/history.h"
#include "support/run.h"
#include "support/sqlite_rows.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

constexpr const char* endless =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

class HostileStore : public testing::Test {
 protected:
  void SetUp() override {
    auto to = open({.path = path_}, true);
    ASSERT_TRUE(to.has_value()) << to.error().line();
    put_all(**to, uploads());
  }

  // As somebody with another program than pgadvise.
  void alter(const std::string& sql) const {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(connection);
  }

  // The message with which the store is refused, to readers and to writers; "" if one of them may open it.
  std::string refusal() const {
    const auto read = open({.path = path_}, false), write = open({.path = path_}, true);
    if (read || write) return {};
    EXPECT_EQ(read.error().kind, Error::Kind::usage);
    EXPECT_EQ(read.error().line(), write.error().line());
    return read.error().line();
  }

  History ask() const {
    auto store = open({.path = path_}, false);
    EXPECT_TRUE(store.has_value()) << store.error().line();
    if (!store) return {};
    auto found = history(**store, {.target = "", .now = monday + 30 * day});
    EXPECT_TRUE(found.has_value()) << found.error().line();
    return found.value_or(History());
  }

  // Whether the answers are those of the store before it was altered.
  void expect_the_same_answers(const std::string& change) const {
    const History before = ask();
    alter(change);
    const History after = ask();
    EXPECT_EQ(after.fresh.size(), before.fresh.size()) << change;
    EXPECT_EQ(after.fixed.size(), before.fixed.size()) << change;
    EXPECT_EQ(after.gone_before, before.gone_before) << change;
    EXPECT_EQ(after.recurring.size() + after.reopened.size(),
              before.recurring.size() + before.reopened.size())
        << change;
    EXPECT_EQ(after.plans.size(), before.plans.size()) << change;
    auto to = open({.path = path_}, true);
    ASSERT_TRUE(to.has_value()) << to.error().line();
    EXPECT_TRUE((*to)->put(run_of(monday + 31 * day, {finding("77")}), monday + 31 * day).has_value());
  }

  testing_support::Folder folder_;
  const std::string path_ = folder_.path("store.db");
};

TEST_F(HostileStore, NoViewOfTheFileIsRead) {
  std::string all;
  for (const auto& view : sqlite_views())
    all += "DROP VIEW " + view.name + "; CREATE VIEW " + view.name + " AS " + endless + ";";
  expect_the_same_answers(all);
}

TEST_F(HostileStore, AViewThatIsMissingOrHasOtherColumnsChangesNoAnswer) {
  expect_the_same_answers(
      "DROP VIEW finding_life; DROP VIEW query_change; CREATE VIEW query_change AS SELECT 1 AS x");
}

TEST_F(HostileStore, OtherObjectsOfTheFileDoNothing) {
  expect_the_same_answers(
      std::string("CREATE TABLE theirs (a TEXT PRIMARY KEY, b AS (printf('%.*c', 1000000000, 'x'))); CREATE "
                  "INDEX by_b ON theirs (length(a)); CREATE VIEW slow AS ") +
      endless +
      "; CREATE VIRTUAL TABLE words USING fts5 (word); CREATE VIEW pragma_user_version AS SELECT 1; CREATE "
      "TABLE child (r TEXT REFERENCES run (run_id) ON DELETE CASCADE)");
}

TEST_F(HostileStore, ATriggerIsRefused) {
  const std::string before = rows_in(path_);
  alter(std::string("CREATE TRIGGER slow AFTER INSERT ON run BEGIN ") + endless + "; END");
  EXPECT_NE(refusal().find("is not a store as pgadvise writes it: it has the trigger slow"),
            std::string::npos)
      << refusal();
  alter("DROP TRIGGER slow");
  alter("CREATE TRIGGER gone INSTEAD OF INSERT ON finding_life BEGIN DELETE FROM run; END");
  EXPECT_NE(refusal().find("it has the trigger gone"), std::string::npos) << refusal();
  EXPECT_EQ(rows_in(path_), before);
}

// Each change of a table or an index by which reading or writing it would compute something else.
TEST_F(HostileStore, ATableThatDiffersIsRefused) {
  const std::string original = read_file(path_).value_or("");
  const struct {
    const char* change;
    const char* message;
  } cases[] = {
      {"CREATE INDEX slow ON run (printf('%.*c', 1000, target))", "the table run has the index slow"},
      {"CREATE UNIQUE INDEX one ON run (run_id, target)", "the table run has the index one"},
      {"ALTER TABLE run ADD COLUMN x AS (printf('%.*c', 1000000000, target))", "the table run differs"},
      {"DROP TABLE run; CREATE TABLE run (run_id TEXT PRIMARY KEY, target TEXT CHECK (length(printf('%.*c', "
       "1000000000, 'x')) > 0), started, version, server_version, scope_id)",
       "the table run differs"},
      {"DROP TABLE run; CREATE VIEW run AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
       "SELECT i AS run_id, i AS target, i AS started, i AS scope_id FROM n",
       "the view run differs"},
      {"DROP TABLE run; CREATE VIRTUAL TABLE run USING fts5 (run_id, target, started, scope_id)",
       "the table run differs"},
      {"DROP TABLE run", "run is missing"},
      {"DROP INDEX run_by_start; CREATE INDEX run_by_start ON run (abs(started))",
       "the index run_by_start differs"},
      {"PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('trigger', 'hidden', 'run', 0, "
       "'CREATE /* */ TRIGGER hidden AFTER INSERT ON run BEGIN SELECT 1; END')",
       "it has the trigger hidden"},
  };
  for (const auto& one : cases) {
    folder_.write("store.db", original);
    alter(one.change);
    EXPECT_NE(refusal().find(one.message), std::string::npos) << one.change << "\n" << refusal();
  }
}

TEST_F(HostileStore, AVersionThatItsTablesAreNotOfIsRefused) {
  const std::string before = rows_in(path_);
  alter("PRAGMA user_version = 2");
  EXPECT_NE(refusal().find("server_sample already exists"), std::string::npos) << refusal();
  alter("PRAGMA user_version = 0");
  EXPECT_NE(refusal().find("setting already exists"), std::string::npos) << refusal();
  EXPECT_EQ(rows_in(path_), before);
}

TEST_F(HostileStore, AStatementHasATimeLimitThatTheErrorNames) {
  SqliteLimits limits;
  limits.statement = std::chrono::milliseconds(20);
  auto connection = SqliteConnection::open(path_, false, limits);
  ASSERT_TRUE(connection.has_value());
  connection->set_purpose("the question about findings");
  const auto stopped = connection->number(endless);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, Error::Kind::usage);
  EXPECT_NE(
      stopped.error().line().find(path_ + ": the question about findings takes longer than 0.02 seconds, "
                                          "the limit of a statement: stopped"),
      std::string::npos)
      << stopped.error().line();
  EXPECT_TRUE(connection->number("SELECT 1").has_value()) << "usable afterwards";
  EXPECT_FALSE(connection->run(std::string("SELECT 1; ") + endless).has_value());
  limits.total = std::chrono::milliseconds(30);
  auto short_one = SqliteConnection::open(path_, false, limits);
  ASSERT_TRUE(short_one.has_value());
  EXPECT_FALSE(short_one->number(endless).has_value());
  const auto over = short_one->number(endless);
  ASSERT_FALSE(over.has_value());
  EXPECT_NE(over.error().what.find("0.03 seconds, the limit of all statements"), std::string::npos)
      << over.error().line();
}

TEST_F(HostileStore, AnAnswerHasALimitOfBytes) {
  SqliteLimits limits;
  limits.answer_bytes = 1000;
  auto connection = SqliteConnection::open(path_, false, limits);
  ASSERT_TRUE(connection.has_value());
  const auto small = sqlite_store(std::move(*connection));
  const auto stopped = small->findings("");
  ASSERT_FALSE(stopped.has_value());
  EXPECT_NE(stopped.error().what.find("the question about findings has an answer of more than 1000 bytes"),
            std::string::npos)
      << stopped.error().line();
}

TEST_F(HostileStore, ValuesOutOfAllBoundsAreHarmless) {
  alter(
      "UPDATE finding_event SET score = 'nan'; UPDATE run SET started = 9223372036854775807 WHERE started = "
      "(SELECT max(started) FROM run); UPDATE relation_size SET bytes = -9223372036854775807 WHERE taken = "
      "(SELECT min(taken) FROM relation_size); UPDATE setting SET value = 9223372036854775807 WHERE name = "
      "'retention_days'");
  auto store = open({.path = path_}, false);
  ASSERT_TRUE(store.has_value()) << store.error().line();
  const auto lives = (*store)->findings("");
  ASSERT_TRUE(lives.has_value() && !lives->empty());
  for (const auto& life : *lives) EXPECT_EQ(life.score, 0) << "findings are sorted by it";
  EXPECT_TRUE(history(**store, {.target = "", .now = monday}).has_value());
  const std::string before = rows_in(path_);
  EXPECT_TRUE((*store)->put({}, monday + 30 * day).has_value());
  EXPECT_EQ(rows_in(path_), before) << "a retention of a million years removes nothing";
}

TEST_F(HostileStore, PipesAndDevicesAreNotOpened) {
  const std::string pipe = folder_.path("pipe.db");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& name :
       {pipe, std::string("/dev/zero"), std::string("/dev/full"), folder_.path("")}) {
    const auto refused = open({.path = name}, true);
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_NE(refused.error().line().find("is no regular file"), std::string::npos) << refused.error().line();
  }
  for (const char* end : {"-wal", "-shm", "-journal"}) {
    const std::string side = path_ + end;
    std::filesystem::remove(side);
    std::filesystem::create_symlink("/dev/zero", side);
    EXPECT_NE(refusal().find(std::string("store.db") + end + ": is no regular file"), std::string::npos)
        << refusal();
    std::filesystem::remove(side);
  }
  EXPECT_EQ(refusal(), "");
}

TEST_F(HostileStore, ALinkOutOfTheRepositoryIsNotFollowed) {
  folder_.write("repository/.git/HEAD", "ref: refs/heads/main\n");
  folder_.write("outside/readme", "");
  for (const char* target : {"outside/new.db", "store.db"}) {
    const std::string link = folder_.path("repository/store.db");
    std::filesystem::remove(link);
    std::filesystem::create_symlink(folder_.path(target), link);
    const auto refused = open({.path = link}, true);
    ASSERT_FALSE(refused.has_value()) << target;
    EXPECT_NE(refused.error().what.find("leads out of the repository"), std::string::npos)
        << refused.error().line();
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path("outside/new.db")));
}

// SQLite deletes the file that a journal names as its super-journal, whichever it is.
TEST_F(HostileStore, AJournalThatNamesAFileIsRefused) {
  alter("PRAGMA journal_mode = DELETE");
  folder_.write("victim", "precious");
  const std::string victim = folder_.path("victim");
  const auto number = [](std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
  };
  constexpr std::string_view magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  const auto pages = static_cast<std::uint32_t>(std::filesystem::file_size(path_) / 4096);
  std::string journal =
      std::string(magic) + number(0) + number(0) + number(pages) + number(512) + number(4096);
  journal.resize(512);
  std::uint32_t sum = 0;
  for (const char c : victim) sum += static_cast<unsigned char>(c);
  journal += number(0x40000000 / 4096 + 1) + victim + number(static_cast<std::uint32_t>(victim.size())) +
             number(sum) + std::string(magic);
  folder_.write("store.db-journal", journal);
  EXPECT_NE(refusal().find("names another file, which SQLite would delete"), std::string::npos) << refusal();
  EXPECT_EQ(read_file(victim).value_or(""), "precious");
}

}  // namespace
}  // namespace pgadvise::store
