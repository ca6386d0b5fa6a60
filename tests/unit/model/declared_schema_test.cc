// The rule schema-ahead-of-migrations over catalogs: what it leaves out, and what it says at once.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "lint/run/context.h"
#include "sql/replay/replay.h"

namespace pgadvise::lint {
namespace {

Catalog catalog(const std::string& script) {
  sql::Replayer replayer;
  replayer.run(script, "a.sql");
  return replayer.take();
}

class DeclaredSchemaRule : public testing::Test {
 protected:
  // "w table orders", "n column orders.total" …, sorted.
  std::set<std::string> found() {
    Inputs inputs;
    inputs.declared = {schema};
    std::set<std::string> out;
    for (const auto& finding : run(inputs, {"schema-ahead-of-migrations"}).findings) {
      std::string what = finding.subject.table;
      for (const auto& column : finding.subject.columns) what += "." + column;
      if (finding.subject.kind == "file") what = finding.message;
      out.insert(std::string(name(finding.severity).substr(0, 1)) + " " + finding.subject.kind + " " + what);
    }
    return out;
  }

  void compare(const std::string& source, const std::string& migrations, const std::string& snapshot = "") {
    declared = catalog(source);
    migrated = catalog(migrations);
    last = catalog(snapshot);
    schema.declared = &declared;
    schema.migrated = &migrated;
    schema.snapshot = snapshot.empty() ? nullptr : &last;
  }

  Catalog declared, migrated, last;
  DeclaredSchema schema{.source = "drizzle.config.ts", .place = {}, .folder = "drizzle"};
};

using Found = std::set<std::string>;

TEST_F(DeclaredSchemaRule, LeavesWhatTheSnapshotOrTheMigrationsHave) {
  compare("CREATE TABLE a (id int, b int); CREATE TABLE c (id int);",
          "CREATE TABLE a (id int, e int); CREATE TABLE c (id int);",
          "CREATE TABLE a (id int, b int); CREATE TABLE f (id int);");
  EXPECT_EQ(found(), Found());  // schema-drift is about these
  compare("CREATE TABLE a (id int, b int);", "CREATE TABLE a (id int, e int);",
          "CREATE TABLE a (id int, e int);");
  EXPECT_EQ(found(), (Found{"w column a.b", "w column a.e"}));
}

TEST_F(DeclaredSchemaRule, WhatHandWrittenMigrationsCreateIsANote) {
  compare("CREATE TABLE a (id int);", "CREATE TABLE a (id int); CREATE TABLE b (id int);");
  EXPECT_EQ(found(), Found{"n table b"});
}

TEST_F(DeclaredSchemaRule, LibrariesTablesAreNotes) {
  compare(
      "CREATE TABLE a (id int); CREATE TABLE verification_tokens (id int); CREATE SCHEMA auth; "
      "CREATE TABLE auth.anything (id int);",
      "CREATE TABLE a (id int);");
  EXPECT_EQ(found(), (Found{"n table anything", "n table verification_tokens"}));
}

TEST_F(DeclaredSchemaRule, WhatIsNotKnownIsNotCompared) {
  const std::string migrations = "CREATE TABLE a (id text, x int); CREATE TABLE c (id int);";
  compare("CREATE TABLE a (id int); CREATE TABLE b (id int);", migrations, migrations);
  EXPECT_EQ(found(), (Found{"w column a.id", "w column a.x", "w table b", "w table c"}));
  schema.incomplete = {{"public", "a"}, {"public", "b"}};
  EXPECT_EQ(found(), (Found{"w table b", "w table c"}));  // that there is a table is known
  schema.all_tables_known = false;
  EXPECT_EQ(found(), Found{"w table b"});
  schema.left_out = {{"public", "b"}};
  EXPECT_EQ(found(), Found());
}

TEST_F(DeclaredSchemaRule, ManyDifferencesAreOneFinding) {
  std::string source = "CREATE TABLE a (id int);", migrations = source;
  for (int i = 0; i < 21; ++i) source += "CREATE TABLE t" + std::to_string(i) + " (id int);";
  for (int i = 0; i < 25; ++i) migrations += "CREATE TABLE m" + std::to_string(i) + " (id int);";
  compare(source, migrations);
  EXPECT_EQ(found(),
            (Found{"n file The source and the migrations in drizzle differ on 25 objects, such as table m0, "
                   "table m1, table m10.",
                   "w file The source and the migrations in drizzle differ on 21 objects, such as table t0, "
                   "table t1, table t10: databases get this schema by `drizzle-kit push` or by hand, and one "
                   "that runs the migrations has another."}));
}

TEST_F(DeclaredSchemaRule, AScriptThatNoJournalNamesIsOneNote) {
  const std::string migrations = "CREATE TABLE a (id int);";
  compare("CREATE TABLE a (id int, b int); CREATE TABLE c (id int); CREATE TABLE d (id int);", migrations);
  EXPECT_EQ(found(), (Found{"w column a.b", "w table c", "w table d"}));
  sql::Replayer replayer;
  replayer.run(migrations, "a.sql");
  replayer.run("ALTER TABLE a ADD COLUMN b int; CREATE TABLE c (id int);", "drizzle/0002_more.sql");
  const Catalog all = replayer.take();
  schema.with_unjournaled = &all;
  EXPECT_EQ(
      found(),
      (Found{"n file The source declares column a.b, table c, which only drizzle/0002_more.sql creates, and "
             "no journal names that file: `drizzle-kit migrate` does not run it.",
             "w table d"}));
}

TEST_F(DeclaredSchemaRule, IndexesThatAreOnlySortedOtherwiseAreNotes) {
  const std::string table = "CREATE TABLE a (id int, b int, c int);";
  const std::string migrations = table +
                                 "CREATE INDEX i ON a (b, c DESC); CREATE INDEX j ON a (b);"
                                 "CREATE UNIQUE INDEX k ON a (c) WHERE b > 0;";
  compare(table + "CREATE INDEX i ON a (b, c); CREATE INDEX j ON a (id); CREATE UNIQUE INDEX k ON a (c);",
          migrations, migrations);
  Inputs inputs;
  inputs.declared = {schema};
  std::set<std::string> names;
  for (const auto& finding : run(inputs, {"schema-ahead-of-migrations"}).findings)
    names.insert(std::string(name(finding.severity).substr(0, 1)) + " " + finding.subject.index);
  EXPECT_EQ(names, (Found{"n i", "w j", "w k"}));
}

TEST_F(DeclaredSchemaRule, AKeyFollowsItsColumnAndItsTarget) {
  const std::string tables = "CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY);";
  const std::string migrations =
      tables +
      "CREATE TABLE a (b_id int CONSTRAINT a_b_id_b_id_fk REFERENCES b, x_id int REFERENCES b);"
      "CREATE INDEX a_x_id ON a (x_id);";
  compare(tables + "CREATE TABLE a (b_id int CONSTRAINT a_b_id_c_id_fk REFERENCES c);", migrations,
          migrations);
  EXPECT_EQ(found(), (Found{"w column a.x_id", "w foreign-key a.b_id"}));
}

TEST_F(DeclaredSchemaRule, WithoutMigrationsThereIsOneNote) {
  compare("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE VIEW v AS SELECT 1 AS one;", "");
  schema.migrated = nullptr;
  EXPECT_EQ(
      found(),
      Found{"n file The source declares 2 tables, and the repository has no migrations for them: "
            "databases get the schema by `drizzle-kit push`, which drops and renames without a reviewed "
            "file."});
  schema.left_out = {{"public", "a"}, {"public", "b"}};
  EXPECT_EQ(found(), Found());
}

TEST_F(DeclaredSchemaRule, TablesOfSqlScriptsAreNotMissing) {
  compare("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);", "");
  schema.migrated = nullptr;
  schema.in_scripts = {"a", "b", "other"};
  EXPECT_EQ(found(),
            Found{"n file The source declares 3 tables, and neither a migration nor an SQL script of the "
                  "repository creates 1 of them, c: databases get it by `drizzle-kit push`, which drops and "
                  "renames without a reviewed file."});
  schema.in_scripts.insert("c");
  EXPECT_EQ(found(), Found());
}

}  // namespace
}  // namespace pgadvise::lint
