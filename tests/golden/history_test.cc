// --store, history and report, as a user runs them.
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::quoted;
using testing_support::run;

constexpr const char* without_index =
    "CREATE TABLE customers (id bigint PRIMARY KEY);\n"
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers (id));\n";

bool has_rule(const json& findings, const std::string& rule) {
  for (const auto& finding : findings)
    if (finding.at("rule") == rule) return true;
  return false;
}

TEST(History, FollowsAFindingOverRuns) {
  const testing_support::Folder folder;
  const std::string store = quoted("sqlite:" + folder.path("state/store.db"));
  folder.write("db/schema.sql", without_index);
  const auto first =
      run("check db --store " + store + " --store-as shop --format json -o a.json --fail-on never",
          folder.path());
  ASSERT_EQ(first.exit_code, 0) << first.err;
  auto history = json::parse(run("history --format json --store " + store).out, nullptr, false);
  ASSERT_TRUE(history.is_object());
  EXPECT_TRUE(has_rule(history["new"], "unindexed-foreign-key")) << history.dump(1);
  EXPECT_EQ(history["new"][0]["target"], "shop");

  folder.write("db/schema.sql", std::string(without_index) + "CREATE INDEX ON orders (customer_id);\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // runs have the second of their start
  const auto second =
      run("check db --store " + store + " --store-as shop --format json -o b.json --fail-on never",
          folder.path());
  ASSERT_EQ(second.exit_code, 0) << second.err;
  history = json::parse(run("history --format json --store " + store).out, nullptr, false);
  EXPECT_TRUE(has_rule(history["fixed"], "unindexed-foreign-key")) << history.dump(1);
  EXPECT_NE(run("history --store " + store).out.find("Fixed"), std::string::npos);
  const auto page = run("history --format html -o h.html --store " + store, folder.path());
  if (page.err.find("was built without the page") == std::string::npos) {
    EXPECT_EQ(page.exit_code, 0) << page.err;
    EXPECT_NE(read_file(folder.path("h.html")).value_or("").find("\"schema\": \"pgadvise-history-1\""),
              std::string::npos);
  } else {
    EXPECT_EQ(page.exit_code, 2);
  }

  const auto difference = run("report a.json b.json --format json", folder.path());
  ASSERT_EQ(difference.exit_code, 0) << difference.err;
  EXPECT_TRUE(has_rule(json::parse(difference.out)["fixed"], "unindexed-foreign-key")) << difference.out;
  EXPECT_NE(run("report a.json b.json", folder.path()).out.find("1 fixed"), std::string::npos);
}

TEST(History, StoresNothingUnlessAsked) {
  const testing_support::Folder folder;
  folder.write("schema.sql", without_index);
  const std::string state = "XDG_STATE_HOME=" + quoted(folder.path("state"));
  run("check schema.sql", folder.path(), state);
  EXPECT_FALSE(std::filesystem::exists(folder.path("state")));
  const auto none = run("history", folder.path(), state);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("there is no store"), std::string::npos) << none.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path("state")));
  EXPECT_EQ(run("check schema.sql --fail-on never --store sqlite", folder.path(), state).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder.path("state/pgadvise/store.db")));
}

TEST(History, AStoreThatFailsLeavesTheReport) {
  const testing_support::Folder folder;
  folder.write("schema.sql", without_index);
  folder.write("other", "not a store");
  const auto ran =
      run("check schema.sql --fail-on never --store sqlite:other -o report.txt --format text", folder.path());
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("is not a store"), std::string::npos) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(folder.path("report.txt")));
  for (const char* url : {"''", "postgresql://joe:geheim@h/db", "@missing"}) {
    const auto refused = run(std::string("check schema.sql --store ") + url, folder.path());
    EXPECT_EQ(refused.exit_code, 2) << url;
    EXPECT_EQ(refused.err.find("geheim"), std::string::npos) << refused.err;
    if (std::string_view(url).find("://") == std::string_view::npos) {
      EXPECT_EQ(refused.out, "") << url;
    }
  }
}

TEST(History, DigestStoresEachLogOnce) {
  const testing_support::Folder folder;
  std::string log;
  for (int i = 10; i < 40; ++i)
    log += "2026-11-23 10:00:" + std::to_string(i) +
           ".123 UTC [1] LOG:  duration: 5.000 ms  statement: SELECT " + std::to_string(i) + "\n";
  folder.write("a.log", log);
  const std::string store = quoted("sqlite:" + folder.path("store.db"));
  for (int round = 0; round < 2; ++round) {
    const auto ran = run("digest a.log --store " + store, folder.path());
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_NE(ran.err.find("1 query"), std::string::npos) << ran.err;
  }
}

}  // namespace
}  // namespace pgadvise
