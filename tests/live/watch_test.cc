// `pgadvise watch`: rounds, a store and metrics, a database that comes back, and the end by a signal.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/input_file.h"
#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::quoted;
using testing_support::run;

TEST(Watch, EachRoundIsStoredAndReplacesTheMetrics) {
  const live::Database database("CREATE TABLE customers (id bigint)");
  const testing_support::Folder folder;
  const auto ran = run("watch --db " + quoted(database.conninfo()) +
                           " --every 2s --rounds 2 --store sqlite:store.db --store-as shop -o shop.prom",
                       folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const auto metrics = read_file(folder.path("shop.prom"));
  ASSERT_TRUE(metrics.has_value());
  EXPECT_NE(metrics->find("pgadvise_build_info"), std::string::npos) << *metrics;
  const auto history = run("history --store sqlite:store.db --target shop", folder.path());
  EXPECT_NE(history.out.find("in 2 runs"), std::string::npos) << history.out << history.err;
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

TEST(Watch, WithoutAStoreOrAFileItIsRefused) {
  const auto ran = run("watch --db env");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("nothing keeps the results"), std::string::npos) << ran.err;
  EXPECT_EQ(run("watch --db env -o /dev/null --every 0").exit_code, 2);
}

}  // namespace
}  // namespace pgadvise
