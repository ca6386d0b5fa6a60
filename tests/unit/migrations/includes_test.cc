#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;

// The tables with the file and line of their definitions, then what was reported.
std::string loaded(const TempTree& tree, const std::string& file) {
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(file), diagnostics);
  if (!found || found->size() != 1) return "no schema";
  const auto catalog = load(found->front(), diagnostics);
  std::string out;
  if (catalog)
    for (const auto& [name, table] : catalog->tables)
      out += replace_all(table.origin.str(), tree.path() + "/", "") + " " + display(name) + "\n";
  for (const auto& error : diagnostics) out += replace_all(error.line(), tree.path() + "/", "") + "\n";
  return out;
}

TEST(Includes, AreRunInTheirPlaces) {
  const TempTree tree{{"db/schema.sql",
                       "CREATE TABLE a (id int PRIMARY KEY);\n\\ir tables/b.sql\n"
                       "-- \\ir comment.sql\nCREATE TABLE c (b_id int REFERENCES b);\n\\i 'views one.sql'\n"},
                      {"db/tables/b.sql",
                       "CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);\n"
                       "\\include_relative deeper/d.sql\n"},
                      {"db/tables/deeper/d.sql", "\nCREATE TABLE d (id int);\n"},
                      {"db/views one.sql", "CREATE VIEW v AS SELECT 1 FROM c;\n"}};
  EXPECT_EQ(loaded(tree, "db/schema.sql"),
            "db/schema.sql:1:1 a\ndb/tables/b.sql:1:1 b\ndb/schema.sql:4:1 c\n"
            "db/tables/deeper/d.sql:2:1 d\ndb/views one.sql:1:1 v\n");
}

TEST(Includes, ThatCannotBeReadAreNamed) {
  const TempTree tree{
      {"db/schema.sql",
       "\\ir missing.sql\n\\ir schema.sql\n\\ir ../secret.sql\n\\ir :file\nCREATE TABLE t (id int);\n"},
      {"secret.sql", "CREATE TABLE secret (id int);\n"}};
  EXPECT_EQ(
      loaded(tree, "db/schema.sql"),
      "db/schema.sql:5:1 t\n"
      "db/schema.sql:1:1: includes missing.sql, which does not exist\n"
      "db/schema.sql:2:1: includes schema.sql, which includes itself\n"
      "db/schema.sql:3:1: includes ../secret.sql, which is outside of the script's repository or folder: "
      "pgadvise does not read it\n"
      "db/schema.sql:4:1: includes :file, which has a variable in its name: pgadvise does not read it\n");
}

TEST(Includes, AreBounded) {
  std::string many;
  for (int i = 0; i < 1200; ++i) many += "\\ir one.sql\n";
  const TempTree tree{{"schema.sql", many}, {"one.sql", "SELECT 1;\n"}, {"deep.sql", "\\ir deep1.sql\n"}};
  for (int i = 1; i < 20; ++i)
    tree.add("deep" + std::to_string(i) + ".sql", "\\ir deep" + std::to_string(i + 1) + ".sql\n");
  EXPECT_NE(loaded(tree, "schema.sql").find("beyond the bounds of 1,000 files"), std::string::npos);
  EXPECT_NE(loaded(tree, "deep.sql").find("beyond the bounds"), std::string::npos);
}

TEST(Includes, ThatAreMissingAreBoundedAndCounted) {
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "\\i missing.sql\n";
  const TempTree tree{{"schema.sql", many + "CREATE TABLE t (id int);\n"}};
  const std::string out = loaded(tree, "schema.sql");
  EXPECT_EQ(out.find("schema.sql:3001:1 t\n"), 0u) << out.substr(0, 200);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1 + 1000 + 2);
  EXPECT_NE(out.find("schema.sql:1001:1: includes missing.sql, which is beyond the bounds"),
            std::string::npos);
  EXPECT_NE(
      out.find("schema.sql:1001:1: pgadvise does not read what 1999 more commands behind this one include"),
      std::string::npos)
      << out.substr(out.size() - 400);
}

TEST(Includes, InALongScriptLeaveItWhole) {
  const std::string filler = "-- " + std::string(2'000'000, 'x') + "\n";
  std::string script = filler;
  for (int i = 0; i < 300; ++i) script += "CREATE TABLE t" + std::to_string(i) + " (id int);\n\\ir one.sql\n";
  const TempTree tree{{"schema.sql", script}, {"one.sql", "SELECT 1;\n"}};
  const std::string out = loaded(tree, "schema.sql");
  EXPECT_NE(out.find("schema.sql:600:1 t299\n"), std::string::npos)
      << "each part repeats the script in front of it up to 256 MiB";
}

}  // namespace
}  // namespace pgadvise::migrations
