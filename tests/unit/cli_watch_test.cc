// How `pgadvise watch` starts its checks, what it refuses, and how a signal ends a running check.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cli/watch.h"
#include "support/fake_server.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::run;
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string behind(const std::vector<std::string>& words, const std::string& option) {
  const auto found = std::find(words.begin(), words.end(), option);
  return found == words.end() || found + 1 == words.end() ? "(none)" : *(found + 1);
}

TEST(WatchedCheck, HasNoConnectionStringAmongItsArguments) {
  const std::string db = "postgresql://u:first@h/d", store = "postgresql://u:second@h/s?retention=9";
  const auto command = cli::command_of({.db = db, .store = store, .target = "shop", .output = "shop.prom"});
  EXPECT_EQ(behind(command.words, "--db"), "env");
  EXPECT_EQ(behind(command.words, "--store"), "env");
  EXPECT_EQ(behind(command.words, "--store-as"), "shop");
  EXPECT_EQ(behind(command.words, "-o"), "shop.prom");
  for (const auto& word : command.words) {
    EXPECT_EQ(word.find("first"), std::string::npos) << word;
    EXPECT_EQ(word.find("second"), std::string::npos) << word;
  }
  EXPECT_EQ(command.variables, (Variables{{"DATABASE_URL", db}, {"PGADVISE_STORE", store}}));
}

TEST(WatchedCheck, GetsNamesAndEnvAsTheyAre) {
  const auto named = cli::command_of({.db = "@shop", .store = "@team", .target = {}, .output = {}});
  EXPECT_EQ(behind(named.words, "--db"), "@shop");
  EXPECT_EQ(behind(named.words, "--store"), "@team");
  EXPECT_EQ(named.variables, Variables{});
  const auto env = cli::command_of({.db = "env", .store = {}, .target = {}, .output = "shop.prom"});
  EXPECT_EQ(behind(env.words, "--db"), "env");
  EXPECT_EQ(behind(env.words, "--store"), "(none)");
  EXPECT_EQ(env.variables, Variables{});
}

TEST(WatchedCheck, FindsANamedDatabase) {
  const testing_support::Folder folder;
  folder.write("config/pgadvise/config.toml", "[databases.shop]\nurl = \"host=/nonexistent dbname=shop\"\n");
  const auto ran = run("watch --db @shop --rounds 1 -o shop.prom", folder.path(),
                       "XDG_CONFIG_HOME=" + testing_support::quoted(folder.path("config")));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_NE(ran.err.find("/nonexistent"), std::string::npos) << ran.err;
}

TEST(Watch, RefusesEmptyOptions) {
  for (const std::string words :
       {"--db '' -o /dev/null", "--db ' ' -o /dev/null", "--db env --store '' -o /dev/null"}) {
    const auto ran = run("watch --rounds 1 " + words);
    EXPECT_EQ(ran.exit_code, 2) << words;
    EXPECT_NE(ran.err.find("is empty"), std::string::npos) << words << ran.err;
  }
}

TEST(Watch, ASignalEndsTheRunningCheck) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::atomic<bool> connected = false;
    const testing_support::FakeServer silent([&](testing_support::Peer& peer) {
      connected = true;
      peer.pause(std::chrono::hours(1));
    });
    testing_support::RunningProgram watch(
        {"watch", "--db", silent.conninfo() + " connect_timeout=600", "-o", "/dev/null"});
    for (int i = 0; i < 3000 && !connected; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(connected) << watch.wait(std::chrono::seconds(0)).err;
    watch.send(signal);
    const auto ran = watch.wait(std::chrono::seconds(30));  // the check would wait for 600 s
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.err.find("the next check"), std::string::npos) << ran.err;
  }
}

}  // namespace
}  // namespace pgadvise
