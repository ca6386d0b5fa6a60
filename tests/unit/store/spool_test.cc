// What waits on disk for a store that fails: nothing is lost, nothing is sent twice, and the size is bounded.
#include "store/store/spool.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "store/facts/facts_json.h"
#include "store/open.h"
#include "support/fake_server.h"
#include "support/http_server.h"
#include "support/run.h"
#include "support/sqlite_rows.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

// Takes facts while it is up.
class FakeStore : public Store {
 public:
  Result<void> put(const Facts& facts, std::int64_t) override {
    ++calls;
    if (down || facts.target == refused) return fail(Error::Kind::usage, "store", "is down");
    targets.push_back(facts.target);
    return {};
  }
  Result<std::vector<FindingLife>> findings(const std::string&) override { return {}; }
  Result<std::vector<QueryChange>> query_changes(const std::string&) override { return {}; }
  Result<std::vector<RelationGrowth>> growth(const std::string&) override { return {}; }
  Result<std::vector<UnusedIndex>> unused_indexes(const std::string&) override { return {}; }
  Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string&) override { return {}; }
  Result<std::vector<LockWait>> lock_waits(const std::string&, std::int64_t) override { return {}; }

  std::string refused;
  bool down = false;
  std::vector<std::string> targets;
  int calls = 0;
};

Facts facts_for(const std::string& target) {
  Facts out = size_of(monday, 1000);
  out.target = target;
  return out;
}

class SpoolTest : public testing::Test {
 protected:
  // The files that wait, by age.
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const auto& file : fs::directory_iterator(spool.folder())) out.push_back(file.path().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  void keep(const std::string& target, std::int64_t now) {
    const auto kept = spool.keep(facts_for(target), now);
    EXPECT_TRUE(kept.has_value()) << kept.error().what;
  }

  testing_support::Folder folder;
  Address address{.path = "store.db", .retention_days = {}, .conninfo = {}};
  Spool spool{folder.path("spool"), address};
  FakeStore store;
};

TEST_F(SpoolTest, SendsWhatWaitsTheOldestFirst) {
  EXPECT_EQ(spool.state().runs, 0U);
  keep("second", monday + 60);
  keep("first", monday);
  keep("third", monday + 120);
  EXPECT_EQ(spool.state().runs, 3U);
  EXPECT_GT(spool.state().bytes, 100U);
  const Spool later(folder.path("spool"), address);  // after a restart
  EXPECT_EQ(later.state().runs, 3U);
  const auto sent = spool.send(store, monday);
  EXPECT_EQ(sent.sent, 3U);
  EXPECT_EQ(sent.failure, "");
  EXPECT_EQ(store.targets, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(spool.state().runs, 0U);
  EXPECT_EQ(spool.send(store, monday).sent, 0U);
}

TEST_F(SpoolTest, KeepsWhatTheStoreRefuses) {
  for (int i = 0; i < 6; ++i) keep(i == 1 ? "good" : "bad", monday + i);
  store.refused = "bad";
  const auto sent = spool.send(store, monday);
  EXPECT_EQ(sent.sent, 1U);
  EXPECT_EQ(sent.failure, "is down");
  EXPECT_EQ(store.calls, 5) << "three failures are enough; then the good run again";
  EXPECT_EQ(spool.state().runs, 5U);
  store.refused = "";
  EXPECT_EQ(spool.send(store, monday).sent, 5U);
}

TEST_F(SpoolTest, SetsAsideWhatTheStoreAlwaysRefuses) {
  for (int i = 0; i < 3; ++i) keep("bad", monday + i);
  keep("good", monday + 9);
  store.refused = "bad";
  const Facts stored = facts_for("stored");
  EXPECT_EQ(spool.send(store, monday, &stored).sent, 0U) << "the three oldest fail";
  EXPECT_EQ(spool.send(store, monday, &stored).sent, 1U) << "the next time they are the last";
  for (int i = 2; i < max_refusals - 1; ++i)
    EXPECT_TRUE(spool.send(store, monday, &stored).set_aside.empty()) << i;
  EXPECT_EQ(spool.state().set_aside, 0U);
  const auto sent = spool.send(store, monday, &stored);
  ASSERT_EQ(sent.set_aside.size(), 3U);
  EXPECT_TRUE(sent.set_aside.front().ends_with(".refused")) << sent.set_aside.front();
  EXPECT_TRUE(fs::exists(sent.set_aside.front()));
  EXPECT_EQ(spool.state().runs, 0U);
  EXPECT_EQ(spool.state().set_aside, 3U);
  EXPECT_EQ(spool.send(store, monday, &stored).failure, "");
  fs::rename(sent.set_aside.front(), replace_all(sent.set_aside.front(), ".refused", ".json"));
  store.refused = "";
  EXPECT_EQ(spool.send(store, monday, &stored).sent, 1U) << "by its name it is sent again";
}

// A store that is down refuses nothing.
TEST_F(SpoolTest, DoesNotCountFailuresOfAStoreThatIsDown) {
  keep("bad", monday);
  store.down = true;
  const Facts stored = facts_for("stored");
  for (int i = 0; i < 3 * max_refusals; ++i)
    EXPECT_TRUE(spool.send(store, monday, &stored).set_aside.empty());
  store.down = false;
  store.refused = "bad";
  for (int i = 0; i < 3 * max_refusals; ++i) {
    EXPECT_TRUE(spool.send(store, monday).set_aside.empty()) << "no run tells that the store is up";
  }
  EXPECT_EQ(spool.state().runs, 1U);
}

TEST_F(SpoolTest, DropsWhatIsSetAsideFirst) {
  const std::size_t one = facts_json(facts_for("bad")).size();
  keep("bad", monday + 5);
  store.refused = "bad";
  const Facts stored = facts_for("stored");
  for (int i = 0; i < max_refusals; ++i) (void)spool.send(store, monday, &stored);
  ASSERT_EQ(spool.state().set_aside, 1U);
  Spool small(folder.path("spool"), address, 2 * one);
  EXPECT_TRUE(small.keep(facts_for("aaa"), monday).has_value());
  EXPECT_EQ(small.state().set_aside, 1U);
  EXPECT_TRUE(small.keep(facts_for("bbb"), monday + 1).has_value());
  EXPECT_EQ(small.state().set_aside, 0U);
  EXPECT_EQ(small.state().runs, 2U);
  EXPECT_EQ(small.state().dropped, 1U);
}

TEST_F(SpoolTest, DropsAndCountsTheOldestBeyondTheLimit) {
  const std::size_t one = facts_json(facts_for("a")).size();
  Spool small(folder.path("spool"), address, 3 * one);
  for (const char* target : {"a", "b", "c", "d", "e"})
    EXPECT_TRUE(small.keep(facts_for(target), monday + target[0]).has_value());
  EXPECT_EQ(small.state().runs, 3U);
  EXPECT_EQ(small.state().bytes, 3 * one);
  EXPECT_EQ(small.state().dropped, 2U);
  (void)small.send(store, monday);
  EXPECT_EQ(store.targets, (std::vector<std::string>{"c", "d", "e"}));
  EXPECT_EQ(small.state().dropped, 2U);
  Spool none(folder.path("spool"), address, one - 1);
  const auto kept = none.keep(facts_for("f"), monday);
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().what.find("the run is lost"), std::string::npos) << kept.error().what;
}

TEST_F(SpoolTest, SurvivesKilledWritersAndDamagedFiles) {
  keep("a", monday);
  keep("b", monday + 1);
  keep("c", monday + 2);
  const auto paths = files();
  ASSERT_EQ(paths.size(), 3U);
  fs::resize_file(paths[0], fs::file_size(paths[0]) / 2);  // as after a failure of the disk
  std::ofstream(paths[1] + ".XyZ123") << "{";              // as a kill leaves it
  const auto sent = spool.send(store, monday);
  EXPECT_EQ(sent.sent, 2U);
  EXPECT_EQ(sent.unreadable, 1U);
  EXPECT_EQ(store.targets, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(spool.state().runs, 0U);
}

TEST_F(SpoolTest, ReadsNoFileThatIsTooLarge) {
  keep("a", monday);
  keep("b", monday + 1);
  fs::resize_file(files().front(), spool_bytes + 1);  // has holes: takes no room
  const auto sent = spool.send(store, monday);
  EXPECT_EQ(sent.unreadable, 1U);
  EXPECT_EQ(store.targets, std::vector<std::string>{"b"});
  EXPECT_TRUE(files().empty());
}

TEST_F(SpoolTest, UsesNoFolderBehindALink) {
  keep("a", monday);
  fs::rename(spool.folder(), folder.path("elsewhere"));
  fs::create_directory_symlink(folder.path("elsewhere"), spool.folder());
  const auto kept = spool.keep(facts_for("b"), monday);
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().what.find("symbolic link"), std::string::npos) << kept.error().what;
  EXPECT_EQ(spool.state().runs, 0U);
  EXPECT_EQ(spool.send(store, monday).sent, 0U);
}

TEST_F(SpoolTest, FollowsNoLinkOfARepository) {
  const testing_support::Folder outside;
  const testing_support::Folder repository;
  repository.write(".git/HEAD", "ref: refs/heads/main\n");
  fs::create_directory_symlink(outside.path(), repository.path("spool"));
  for (const char* name : {"spool", "spool/deeper"}) {
    const auto kept = Spool(repository.path(name), {}).keep(facts_for("a"), 1);
    ASSERT_FALSE(kept.has_value());
    EXPECT_NE(kept.error().line().find("link"), std::string::npos) << kept.error().line();
  }
  EXPECT_TRUE(fs::is_empty(outside.path()));
}

TEST_F(SpoolTest, SeparatesStores) {
  Spool other(folder.path("spool"), {.path = "other.db", .retention_days = {}, .conninfo = {}});
  keep("a", monday);
  EXPECT_EQ(other.state().runs, 0U);
  // A new password is no new store.
  const Spool old_password(folder.path("spool"),
                           {.path = {}, .retention_days = {}, .conninfo = "postgresql://u:a@h/d"});
  const Spool new_password(folder.path("spool"),
                           {.path = {}, .retention_days = {}, .conninfo = "postgresql://u:b@h/d"});
  EXPECT_EQ(old_password.folder(), new_password.folder());
  const Spool other_retention(
      folder.path("spool"),
      {.path = {}, .retention_days = {}, .conninfo = "postgresql://u:b@h/d?retention=9"});
  EXPECT_EQ(other_retention.folder(), new_password.folder());
  const Spool with_port(folder.path("spool"),
                        {.path = {}, .retention_days = {}, .conninfo = "postgresql://u:b@h/d?port=5433"});
  const Spool other_server(
      folder.path("spool"),
      {.path = {}, .retention_days = {}, .conninfo = "postgresql://u:b@h/d?retention=9&port=5433"});
  EXPECT_NE(other_server.folder(), new_password.folder());
  EXPECT_EQ(other_server.folder(), with_port.folder());
  // A file of the same name in another folder is another store.
  const Spool absolute(folder.path("spool"),
                       {.path = fs::absolute("store.db").string(), .retention_days = {}, .conninfo = {}});
  EXPECT_EQ(absolute.folder(), spool.folder());
  const Spool elsewhere(folder.path("spool"),
                        {.path = folder.path("store.db"), .retention_days = {}, .conninfo = {}});
  EXPECT_NE(elsewhere.folder(), spool.folder());
  Address fleet;
  fleet.clickhouse = "clickhouse://u:a@h/d";
  const Spool clickhouse(folder.path("spool"), fleet);
  fleet.clickhouse = "clickhouse://u:b@h/d";
  EXPECT_EQ(Spool(folder.path("spool"), fleet).folder(), clickhouse.folder());
  fleet.clickhouse = "clickhouse://u:a@h/e";
  EXPECT_NE(Spool(folder.path("spool"), fleet).folder(), clickhouse.folder());
}

TEST_F(SpoolTest, IsForItsUserOnly) {
  keep("a", monday);
  EXPECT_EQ(fs::status(spool.folder()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(files().front()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

// What a store has after an upload by way of the spool, and again without it, equals one upload.
TEST_F(SpoolTest, ChangesNothingAboutWhatIsStored) {
  const auto dump = [&](const std::string& name, bool spooled) {
    auto to = open({.path = folder.path(name), .retention_days = {}, .conninfo = {}}, true);
    EXPECT_TRUE(to.has_value());
    for (const auto& facts : uploads()) {
      if (!spooled || facts.run) {  // runs are sent twice
        EXPECT_TRUE((*to)->put(facts, monday + day).has_value());
      }
      if (spooled) {
        EXPECT_TRUE(spool.keep(facts, monday + day).has_value());
      }
    }
    if (spooled) {
      EXPECT_EQ(spool.send(**to, monday + day).failure, "");
    }
    to->reset();
    return rows_in(folder.path(name));
  };
  EXPECT_EQ(dump("spooled.db", true), dump("direct.db", false));
}

TEST(FactsJson, HaveAllFacts) {
  for (const auto& facts : uploads()) {
    const std::string text = facts_json(facts);
    const auto read = read_facts_json(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(facts_json(*read), text);
    EXPECT_FALSE(read->empty());
  }
  EXPECT_NE(facts_json(uploads()[0]).find("unindexed-foreign-key"), std::string::npos);
}

TEST(FactsJson, RefusesOtherText) {
  const std::string text = facts_json(uploads()[0]);
  for (std::size_t size = 0; size < text.size(); size += 7)
    EXPECT_FALSE(read_facts_json(text.substr(0, size)).has_value()) << size;
  for (const char* other :
       {"null", "[]", "{}", R"({"pgadvise_facts":1})", R"({"pgadvise_facts":2,"facts":{}})",
        R"({"pgadvise_facts":1,"facts":[]})", R"({"pgadvise_facts":1,"facts":{"target":3}})"})
    EXPECT_FALSE(read_facts_json(other).has_value()) << other;
}

TEST(FactsJson, MakesTextValid) {
  Facts facts = size_of(monday, 1);
  facts.target = "a\xff\x01";
  const auto read = read_facts_json(facts_json(facts));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->target, printable_block(facts.target));
  EXPECT_NE(read->target, facts.target);
}

// `check` with a store that is a folder of its own, which is not there at first.
TEST(SpoolOfCheck, IsSentByTheNextRun) {
  const testing_support::Folder folder;
  folder.write("schema.sql", "CREATE TABLE customers (id bigint PRIMARY KEY);\n");
  folder.write("place", "a file, where the store's folder should be");
  const std::string words = "check schema.sql --fail-on never --store sqlite:place/store.db --spool spool";
  const auto failed = testing_support::run(words + " --quiet --store-as first", folder.path());
  EXPECT_EQ(failed.exit_code, 0) << failed.err;
  EXPECT_NE(failed.err.find("the facts of this run are kept in"), std::string::npos) << failed.err;
  fs::remove(folder.path("place"));
  const auto done = testing_support::run(words + " --store-as second", folder.path());
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.err.find("1 earlier runs of"), std::string::npos) << done.err;
  const auto history =
      testing_support::run("history --store sqlite:place/store.db --target first", folder.path());
  EXPECT_EQ(history.exit_code, 0) << history.err;
  const auto none = testing_support::run("check schema.sql --spool spool", folder.path());
  EXPECT_EQ(none.exit_code, 2) << "--spool needs --store";
}

// A store that never answers: the run is in the spool while `check` waits for it.
TEST(SpoolOfCheck, IsThereBeforeTheStoreAnswers) {
  const testing_support::FakeServer silent(
      [](testing_support::Peer& peer) { peer.pause(std::chrono::hours(1)); });
  const testing_support::Folder folder;
  folder.write("schema.sql", "CREATE TABLE customers (id bigint PRIMARY KEY);\n");
  const auto files = [&] {
    std::size_t out = 0;
    std::error_code none;
    for (fs::recursive_directory_iterator at(folder.path("spool"), none), end; !none && at != end;
         at.increment(none))
      out += at->path().extension() == ".json";
    return out;
  };
  testing_support::RunningProgram check(
      {"check", folder.path("schema.sql"), "--fail-on", "never", "--store", "env", "--store-as", "shop",
       "--spool", folder.path("spool")},
      {"PGADVISE_STORE=postgresql:///postgres?host=" + silent.folder() + "&user=joe&connect_timeout=600"});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (files() == 0 && std::chrono::steady_clock::now() < until) ::usleep(10'000);
  EXPECT_EQ(files(), 1U) << check.err();
  EXPECT_EQ(check.err().find("are kept in"), std::string::npos) << "it no longer waits: " << check.err();
  check.send(SIGKILL);
  (void)check.wait(std::chrono::seconds(60));
  EXPECT_EQ(files(), 1U);
}

TEST(SpoolOfCheck, KeepsWhatAClickHouseThatIsDownShouldGet) {
  const testing_support::HttpServer server(
      [](const auto&) { return testing_support::HttpServer::answer("503 Service Unavailable", "later"); });
  const testing_support::Folder folder;
  folder.write("schema.sql", "CREATE TABLE customers (id bigint PRIMARY KEY);\n");
  const std::string store =
      "PGADVISE_STORE=clickhouse://joe:geheim@127.0.0.1:" + std::to_string(server.port()) + "/facts";
  const auto failed = testing_support::run("check schema.sql --fail-on never --store env --spool spool",
                                           folder.path(), store);
  EXPECT_EQ(failed.exit_code, 0) << failed.err;
  EXPECT_NE(failed.err.find("the facts of this run are kept in"), std::string::npos) << failed.err;
  EXPECT_EQ((failed.out + failed.err).find("geheim"), std::string::npos) << failed.err;
  std::size_t files = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder.path("spool"))) {
    if (!file.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(read_file(file.path().string()).value_or("").find("geheim"), std::string::npos);
  }
  EXPECT_EQ(files, 1u);
}

}  // namespace
}  // namespace pgadvise::store
