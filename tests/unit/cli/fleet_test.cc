// What `pgadvise fleet` makes of many databases.
#include "reports/fleet.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/fake_server.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::quoted;
using testing_support::run;

RecordedFinding finding(const std::string& id, const std::string& rule, Severity severity, double score) {
  RecordedFinding out;
  out.id = id;
  out.rule = rule;
  out.severity = severity;
  out.message = "Message of " + id + ".";
  out.impact.score = score;
  return out;
}

std::vector<report::FleetDatabase> fleet() {
  std::vector<report::FleetDatabase> out(4);
  out[0] = {.name = "calm", .seconds = 1, .run = {}};
  out[1] = {.name = "slow", .seconds = 1, .run = {}};
  out[1].run.findings = {finding("01", "slow-query", Severity::warning, 9)};
  out[2] = {.name = "broken", .seconds = 1, .run = {}};
  out[2].run.findings = {finding("02", "slow-query", Severity::warning, 1),
                         finding("03", "invalid-index", Severity::error, 2)};
  RecordedFinding suppressed = finding("04", "slow-query", Severity::error, 50);
  suppressed.state = RecordedFinding::State::suppressed;
  out[0].run.findings = {suppressed};
  out[3] = {.name = "away", .failure = "can't be reached \x1b[31m", .seconds = 10, .run = {}};
  return out;
}

TEST(Fleet, ListsTheWorstDatabaseFirst) {
  const auto out = nlohmann::json::parse(report::fleet_json(fleet()));
  ASSERT_EQ(out["databases"].size(), 3u);
  EXPECT_EQ(out["databases"][0]["name"], "broken");
  EXPECT_EQ(out["databases"][0]["first"]["id"], "03");
  EXPECT_EQ(out["databases"][1]["name"], "slow");
  EXPECT_EQ(out["databases"][2]["name"], "calm");
  EXPECT_FALSE(out["databases"][2].contains("first")) << "a suppressed finding does not count";
  EXPECT_EQ(out["failed"], 1);
  EXPECT_EQ(out["failures"][0]["name"], "away");
  EXPECT_EQ(out["rules"][0]["rule"], "slow-query");
  EXPECT_EQ(out["rules"][0]["databases"], 2);
  EXPECT_EQ(out["findings"]["errors"], 1);
}

TEST(Fleet, TextNamesFailuresAndLimitsTheRest) {
  const std::string text = report::fleet_text(fleet(), {}, 1);
  EXPECT_NE(text.find("3 databases checked, 1 not."), std::string::npos) << text;
  EXPECT_NE(text.find("away: can't be reached"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("broken: 1 error, 1 warning, 0 notes"), std::string::npos) << text;
  EXPECT_NE(text.find("and 2 more"), std::string::npos) << text;
  EXPECT_EQ(text.find("calm"), std::string::npos) << text;
}

TEST(Fleet, RefusesUnknownNames) {
  const testing_support::Folder folder;
  folder.write("config/pgadvise/config.toml", "[databases.shop]\nurl = \"host=/nonexistent dbname=shop\"\n");
  const std::string environment = "XDG_CONFIG_HOME=" + quoted(folder.path("config"));
  const auto unknown = run("fleet shop shpo", folder.path(), environment);
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("shpo"), std::string::npos) << unknown.err;
  EXPECT_EQ(run("fleet", folder.path(), environment).exit_code, 2);
  EXPECT_EQ(run("fleet --all shop", folder.path(), environment).exit_code, 2);
  const auto away = run("fleet --all --time-limit 30", folder.path(), environment);
  EXPECT_EQ(away.exit_code, 3) << away.err;
  EXPECT_NE(away.out.find("0 databases checked, 1 not."), std::string::npos) << away.out;
}

TEST(Fleet, ACheckThatHangsIsReportedWithItsLimit) {
  const testing_support::FakeServer silent(
      [](testing_support::Peer& peer) { peer.pause(std::chrono::hours(1)); });
  const testing_support::Folder folder;
  folder.write("config/pgadvise/config.toml", "[databases.one]\nurl-env = \"SILENT_URL\"\n");
  testing_support::RunningProgram fleet({"fleet", "--all", "--time-limit", "1", "--format", "json"},
                                        {"XDG_CONFIG_HOME=" + folder.path("config"),
                                         "SILENT_URL=" + silent.conninfo() + " connect_timeout=600"});
  const auto ran = fleet.wait(std::chrono::seconds(60));
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  const auto out = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(out.is_object()) << ran.out << ran.err;
  ASSERT_EQ(out["failures"].size(), 1u) << ran.out;
  EXPECT_EQ(out["failures"][0]["failure"],
            "the check did not end within --time-limit (1 s); the database, the log or the store did not "
            "answer, or needs more time");
}

TEST(Fleet, AnInterruptEndsTheRunningChecks) {
  std::atomic<bool> connected = false;
  const testing_support::FakeServer silent([&](testing_support::Peer& peer) {
    connected = true;
    peer.pause(std::chrono::hours(1));
  });
  const testing_support::Folder folder;
  std::string configuration;
  for (const std::string name : {"one", "two"})
    configuration += "[databases." + name + "]\nurl-env = \"SILENT_URL\"\n";
  folder.write("config/pgadvise/config.toml", configuration);
  testing_support::RunningProgram fleet({"fleet", "--all", "--jobs", "1", "--format", "json"},
                                        {"XDG_CONFIG_HOME=" + folder.path("config"),
                                         "SILENT_URL=" + silent.conninfo() + " connect_timeout=600"});
  for (int i = 0; i < 3000 && !connected; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(connected) << fleet.wait(std::chrono::seconds(0)).err;
  fleet.send(SIGINT);
  const auto ran = fleet.wait(std::chrono::seconds(30));  // the check would wait for 600 s
  EXPECT_EQ(ran.exit_code, 130) << ran.err;
  const auto out = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(out.is_object()) << ran.out << ran.err;
  ASSERT_EQ(out["failures"].size(), 2u) << ran.out;
  EXPECT_EQ(out["failures"][0]["failure"], "interrupted");
  EXPECT_EQ(out["failures"][1]["failure"], "interrupted");
}

}  // namespace
}  // namespace pgadvise
