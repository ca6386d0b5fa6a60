// Scripts that no tool puts in an order.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "sql/replay/replay.h"
#include "support/temp_tree.h"

namespace pgadvise::sql {
namespace {

std::string problems_of(const Diagnostics& diagnostics) {
  std::string out;
  for (const Error& error : diagnostics) out += error.line() + "\n";
  return out;
}

struct Loaded {
  Catalog catalog;
  ReplayCounts counts;
  std::string problems;
};

Loaded load_folder(const testing_support::TempTree& tree) {
  Loaded out;
  Diagnostics diagnostics;
  const auto found = migrations::find_schemas(tree.path(), diagnostics);
  EXPECT_TRUE(found && found->size() == 1);
  if (!found || found->empty()) return out;
  if (auto catalog = migrations::load(found->front(), diagnostics, &out.counts))
    out.catalog = std::move(*catalog);
  out.problems = replace_all(problems_of(diagnostics), tree.path() + "/", "");
  return out;
}

TEST(ReplayInAnyOrder, AStatementWaitsForTheScriptThatCreatesWhatItNeeds) {
  const auto loaded = load_folder(
      {{"a-idx.sql",
        "SET search_path = app;\nCREATE INDEX i ON t (a);\nALTER TABLE t ADD CONSTRAINT k UNIQUE (a);"},
       {"b-child.sql",
        "CREATE TABLE app.c (id int PRIMARY KEY, t_id int REFERENCES app.t);\n"
        "CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES IN (1);"},
       {"c-late.sql", "COMMENT ON COLUMN app.p1.x IS 'what';"},
       {"d-schema.sql",
        "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, a int);\n"
        "CREATE TABLE app.p (x int) PARTITION BY LIST (x);"}});
  EXPECT_EQ(loaded.problems, "");
  EXPECT_EQ(loaded.counts.not_understood, 0);
  EXPECT_EQ(loaded.counts.statements, 9);
  EXPECT_EQ(loaded.counts.replayed + loaded.counts.without_effect, 9);
  const Table* table = loaded.catalog.table({"app", "t"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->indexes.size(), 3u);
  const Table* child = loaded.catalog.table({"app", "c"});
  ASSERT_TRUE(child && child->constraints.size() == 2);
  EXPECT_EQ(child->constraints[1].referenced_columns, std::vector<std::string>{"id"});
  const Table* part = loaded.catalog.table({"app", "p1"});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->columns.at(0).comment, "what");
}

TEST(ReplayInAnyOrder, WhatStaysMissingIsReportedAtItsPlace) {
  const auto loaded =
      load_folder({{"a.sql", "DROP TABLE t;\nALTER TABLE t RENAME TO u;\nCREATE INDEX i ON t (a);"},
                   {"b.sql", "CREATE TABLE t (a int REFERENCES x);\nCREATE INDEX ON gone (a);"}});
  EXPECT_EQ(loaded.problems,
            "a.sql:1:1: relation \"t\" does not exist\n"
            "a.sql:2:1: relation \"t\" does not exist\n"
            "b.sql:1:1: foreign key t_a_fkey references x, which these files don't create\n"
            "b.sql:2:1: relation \"gone\" does not exist\n")
      << "what removes or renames does not wait";
  EXPECT_EQ(loaded.counts.missing, 3);
  ASSERT_TRUE(loaded.catalog.table({"public", "t"}));
  EXPECT_EQ(loaded.catalog.table({"public", "t"})->indexes.size(), 1u);
}

TEST(ReplayInAnyOrder, RoundsAreBounded) {
  Replayer replayer;
  replayer.any_order();
  for (int i = 9; i > 0; --i)  // each round creates one of the tables
    replayer.run("CREATE TABLE t" + std::to_string(i) + " (LIKE t" + std::to_string(i - 1) + ");",
                 std::to_string(i) + ".sql");
  replayer.run("CREATE TABLE t0 (a int);", "0.sql");
  replayer.finish();
  EXPECT_EQ(replayer.catalog().tables.size(), 5u);
  EXPECT_EQ(replayer.counts().missing, 5);
  EXPECT_EQ(replayer.diagnostics().size(), 5u);
}

TEST(ReplayInAnyOrder, TheFilesOfAToolHaveAnOrder) {
  Replayer replayer;
  replayer.run("CREATE INDEX i ON t (a);", "1.sql");
  replayer.run("CREATE TABLE t (a int);", "2.sql");
  replayer.finish();
  EXPECT_EQ(problems_of(replayer.diagnostics()), "1.sql:1:1: relation \"t\" does not exist\n");
}

TEST(Replay, TheTableOfAMigrationToolIsNoMatterOfTheFiles) {
  Replayer replayer;
  replayer.run(
      "ALTER TABLE schema_migrations ALTER COLUMN version TYPE bigint; ALTER TABLE changelog ADD a int;",
      "a.sql");
  EXPECT_EQ(problems_of(replayer.diagnostics()), "a.sql:1:65: relation \"changelog\" does not exist\n")
      << "a name that applications use, too";
  EXPECT_EQ(replayer.counts().not_understood, 1);
}

// The default of the column is 'x'::mood converted to text (pg_depend).
TEST(Replay, ADefaultDependsOnTheEnumThatItsColumnHad) {
  const auto of = [](const std::string& statements) {
    Replayer replayer;
    replayer.run("CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (a mood NOT NULL DEFAULT 'x');" + statements,
                 "a.sql");
    const Table* table = replayer.catalog().table({"public", "t"});
    const auto& column = table->columns.at(0);
    return column.type + " " + column.default_expression.value_or("none") + "; " +
           (replayer.diagnostics().empty() ? "" : replayer.diagnostics()[0].what);
  };
  const std::string to_text = "ALTER TABLE t ALTER COLUMN a TYPE text;";
  EXPECT_EQ(of(to_text + "DROP TYPE mood CASCADE;"), "text none; ");
  EXPECT_EQ(of(to_text + "ALTER TYPE mood RENAME TO old; DROP TYPE old CASCADE;"), "text none; ");
  EXPECT_EQ(of(to_text +
               "ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u; CREATE TABLE t (a text DEFAULT 'z');"
               "DROP TYPE mood CASCADE;"),
            "text 'z'; ");
  EXPECT_EQ(of(to_text + "DROP TABLE t; CREATE TABLE t (a text DEFAULT 'z'); DROP TYPE mood;"), "text 'z'; ");
  EXPECT_EQ(of(to_text + "DROP TYPE mood;"),
            "text 'x'; mood can't be dropped: default value for column a of table t depends on it");
  EXPECT_EQ(of(to_text + "ALTER TABLE t ALTER COLUMN a SET DEFAULT 'y'; DROP TYPE mood CASCADE;"),
            "text 'y'; ");
  EXPECT_EQ(of(to_text + "ALTER TABLE t ALTER COLUMN a DROP DEFAULT; DROP TYPE mood;"), "text none; ");
  EXPECT_EQ(of("ALTER TABLE t ALTER COLUMN a SET DEFAULT 'y', ALTER COLUMN a TYPE text; DROP TYPE mood;"),
            "text 'y'; ");
  EXPECT_EQ(of("ALTER TABLE t ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a TYPE text; DROP TYPE mood;"),
            "text none; ");
}

}  // namespace
}  // namespace pgadvise::sql
