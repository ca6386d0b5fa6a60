// pgadvise check over one schema: stated conventions, and fixes of several rules for one column.
#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CheckSchema, AOneToOneKeyGetsOneIndex) {
  const Folder folder;
  const auto indexes = [&](const std::string& more) {
    folder.write("dump.sql",
                 "CREATE TABLE users (id int PRIMARY KEY);\nCREATE TABLE user_profiles (id int PRIMARY KEY, "
                 "user_id int NOT NULL REFERENCES users);\n" +
                     more);
    const auto report =
        nlohmann::json::parse(run("check dump.sql --format json --fail-on never", folder.path()).out);
    std::string out;
    for (const auto& finding : report["findings"]) {
      const std::string rule = finding["rule"];
      if (rule != "one-to-one-without-unique" && rule != "unindexed-foreign-key") continue;
      out += rule + (finding["fix"].value("sql", "").empty() ? "" : " with SQL") + "\n";
    }
    return out;
  };
  EXPECT_EQ(indexes(""), "unindexed-foreign-key with SQL\none-to-one-without-unique\n");
  EXPECT_EQ(indexes("CREATE INDEX i ON user_profiles (user_id);\n"), "one-to-one-without-unique with SQL\n")
      << "the unique index takes the place of the plain one";
  EXPECT_EQ(indexes("CREATE UNIQUE INDEX i ON user_profiles (user_id);\n"), "");
}

TEST(CheckSchema, AStatedConventionIsCheckedAndAnUnknownOneIsOneLineAndTwo) {
  const Folder folder;
  folder.write("dump.sql", "CREATE TABLE users (id int PRIMARY KEY);\n");
  const auto with = [&](const std::string& setting) {
    folder.write("pgadvise.toml", "[rules.inconsistent-naming]\n" + setting + "\n");
    return run("check dump.sql --fail-on note", folder.path());
  };
  const Ran stated = with("tables = \"singular\"");
  EXPECT_EQ(stated.exit_code, 1) << stated.err;
  EXPECT_TRUE(has(stated.out, "the configuration states that names of tables are singular")) << stated.out;
  const Ran plural = with("tables = \"plural\"");
  EXPECT_FALSE(has(plural.out, "inconsistent-naming")) << plural.out;
  for (const auto& [setting, error] :
       {std::pair{"tables = \"many\"", "2:10: unknown value of tables: many (plural, singular; in quotes)"},
        {"names = true", "2:9: names is not a string (snake_case, camelCase; in quotes)"}}) {
    const Ran ran = with(setting);
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_TRUE(has(ran.err, error)) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace pgadvise
