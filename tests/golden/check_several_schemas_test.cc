// `check` of a repository with several schemas.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/schema/source_reader.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::Ran;
using testing_support::run;

nlohmann::json report_of(const Folder& folder, const std::string& arguments = "") {
  const Ran ran = run("check --format json --fail-on never . " + arguments, folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  return nlohmann::json::parse(ran.out, nullptr, false);
}

int findings_of(const nlohmann::json& report, const std::string& rule) {
  int out = 0;
  for (const auto& finding : report["findings"]) out += finding["rule"] == rule;
  return out;
}

TEST(CheckSeveralSchemas, AForeignKeyToATableOfAnotherInputIsNoRemark) {
  const Folder folder;
  folder.write("a/migrations/1_a.up.sql",
               "CREATE TABLE own (id uuid PRIMARY KEY, n uuid REFERENCES networks,\n"
               "  g uuid REFERENCES gone);\n");
  folder.write("b/migrations/1_b.up.sql", "CREATE TABLE networks (id uuid PRIMARY KEY);\n");
  const Ran ran = run("check --fail-on never .", folder.path());
  EXPECT_FALSE(contains(ran.err, "networks")) << ran.err;
  EXPECT_TRUE(contains(ran.err, "references gone, which these files don't create")) << ran.err;
}

TEST(CheckSeveralSchemas, ForeignKeysToOneMissingTableAreOneRemark) {
  const Folder folder;
  folder.write("migrations/1_a.up.sql",
               "CREATE TABLE a (id uuid PRIMARY KEY, t uuid REFERENCES tenants, u uuid REFERENCES users);\n"
               "CREATE TABLE b (id uuid PRIMARY KEY, t uuid REFERENCES tenants);\n"
               "CREATE TABLE c (id uuid PRIMARY KEY, t uuid REFERENCES tenants);\n");
  const Ran ran = run("check --fail-on never migrations", folder.path());
  EXPECT_EQ(ran.err,
            "pgadvise: migrations/1_a.up.sql:1:1: foreign key a_t_fkey references tenants, which these files "
            "don't create (2 more foreign keys reference it)\n"
            "pgadvise: migrations/1_a.up.sql:1:1: foreign key a_u_fkey references users, which these files "
            "don't create\n");
}

TEST(CheckSeveralSchemas, AFindingAboutTheProjectIsThereOnce) {
  const Folder folder;
  folder.write("a/migrations/1_a.up.sql", "CREATE TABLE one (id uuid PRIMARY KEY);\n");
  folder.write("b/migrations/1_b.up.sql", "CREATE TABLE two (id uuid PRIMARY KEY);\n");
  folder.write("package.json", R"({"dependencies": {"pg": "8"}})");
  folder.write("src/db.ts",
               "import { Pool } from 'pg';\nexport const pool = new Pool({\n"
               "  connectionString: process.env.URL,\n  ssl: { rejectUnauthorized: false },\n});\n");
  const auto report = report_of(folder);
  EXPECT_EQ(findings_of(report, "insecure-connection"), 1) << report.dump(1);
  for (const auto& finding : report["findings"]) {
    if (finding["rule"] == "insecure-connection") {
      EXPECT_FALSE(finding["subject"].contains("file")) << finding.dump(1);
    }
  }
}

// Several services declare tables that the migrations of one folder create.
TEST(CheckSeveralSchemas, TablesOfSourceThatMigrationsOfAnotherFolderCreateAreCheckedThere) {
  if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  const Folder folder;
  for (const std::string service : {"a", "b"}) {
    const std::string table = service == "a" ? "users" : "wishes";
    folder.write(service + "/package.json", R"({"name": "x", "dependencies": {"drizzle-orm": "0.45.0"}})");
    folder.write(service + "/drizzle.config.ts",
                 "export default { dialect: 'postgresql', schema: './schema.ts', out: './drizzle' };\n");
    folder.write(service + "/schema.ts",
                 "import { integer, pgTable } from 'drizzle-orm/pg-core';\nexport const one = pgTable('" +
                     table + "', { id: integer('id') });\n");
  }
  folder.write("database/migrations/1_users.up.sql", "CREATE TABLE users (id integer);\n");
  const auto report = report_of(folder);
  EXPECT_EQ(findings_of(report, "schema-ahead-of-migrations"), 1) << report.dump(1);
  EXPECT_EQ(findings_of(report, "missing-primary-key"), 2) << "users once, and wishes";
  EXPECT_TRUE(contains(report.dump(), "b/drizzle.config.ts")) << report.dump(1);
}

// drizzle-kit's folder is old, and another tool's has what the source declares.
TEST(CheckSeveralSchemas, SourceIsNotComparedWithMigrationsThatAnotherFolderHasReplaced) {
  if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  const Folder folder;
  folder.write("package.json", R"({"name": "x", "dependencies": {"drizzle-orm": "0.45.0"}})");
  folder.write("drizzle.config.ts",
               "export default { dialect: 'postgresql', schema: './schema.ts', out: './drizzle' };\n");
  folder.write("schema.ts",
               "import { integer, pgTable } from 'drizzle-orm/pg-core';\n"
               "export const users = pgTable('users', { id: integer().primaryKey(), age: integer() });\n");
  folder.write(
      "drizzle/meta/_journal.json",
      R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})");
  folder.write("drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY);\n");
  EXPECT_EQ(findings_of(report_of(folder), "schema-ahead-of-migrations"), 1);
  folder.write("migrations/1_users.up.sql", "CREATE TABLE other (id integer PRIMARY KEY);\n");
  EXPECT_EQ(findings_of(report_of(folder), "schema-ahead-of-migrations"), 1) << "a folder of other tables";
  folder.write("migrations/1_users.up.sql", "CREATE TABLE users (id integer PRIMARY KEY, age integer);\n");
  EXPECT_EQ(findings_of(report_of(folder), "schema-ahead-of-migrations"), 0);
}

// Why schema-drift did not run; "ran" where it did.
std::string drift(const Folder& folder) {
  folder.write(
      "prod.json",
      read_file(std::string(testing_support::source_dir) + "/fixtures/snapshot/prod.json").value_or(""));
  const auto report = report_of(folder, "--schema prod.json");
  for (const auto& skipped : report["skipped_rules"])
    if (skipped["rule"] == "schema-drift") return skipped["reason"];
  return findings_of(report, "schema-drift") > 0 ? "found" : "ran";
}

TEST(CheckSeveralSchemas, TheOneThatCreatesTablesIsComparedWithTheDatabase) {
  const Folder folder;
  folder.write("a/migrations/0001_a.sql", "CREATE TABLE customers (id int PRIMARY KEY);\n");
  folder.write("b/migrations/0001_b.sql", "DO $$ BEGIN PERFORM 1; END $$;\n");
  EXPECT_EQ(drift(folder), "found");
  folder.write("c/migrations/0001_c.sql", "CREATE TABLE orders (id int PRIMARY KEY);\n");
  EXPECT_EQ(
      drift(folder),
      "the snapshot prod.json of the database sandbox, taken 2026-11-21T11:06:01Z does not show which of 2 "
      "schemas it was made from (a/migrations, c/migrations): check one of them at a time");
}

}  // namespace
}  // namespace pgadvise
