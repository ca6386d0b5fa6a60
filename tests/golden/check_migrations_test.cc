// The migrations that check checks: the newest, those of --since and --changed, or those that are named.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
int lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

// The entries of the findings about index builds, which each migration but the first is good for.
std::set<std::string> checked(const std::string& arguments, const std::string& folder = "") {
  const Ran ran = run("check --format json --fail-on never " + arguments, folder);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  std::set<std::string> out;
  if (!report.is_object()) return out;
  for (const auto& finding : report["findings"])
    if (finding["rule"] == "blocking-index-build") out.insert(finding["subject"]["entry"]);
  return out;
}

std::string migration(int number) {
  return "CREATE INDEX i" + std::to_string(number) + " ON t (a, b" + std::to_string(number) + ");\n";
}

void write_migrations(const Folder& folder, int count) {
  folder.write("migrations/0001_init.sql",
               "CREATE TABLE t (id int PRIMARY KEY, a int, b2 int, b3 int, b4 int, b5 int);\nCREATE TABLE "
               "keyless (x int);\n");
  for (int i = 2; i <= count; ++i)
    folder.write("migrations/000" + std::to_string(i) + "_next.sql", migration(i));
}

using Names = std::set<std::string>;

TEST(CheckMigrations, TheNewestIsJudgedAndItSaysSo) {
  const Folder folder;
  write_migrations(folder, 4);
  EXPECT_EQ(checked(folder.path("migrations")), Names{"0004_next"});
  const Ran ran = run("check --format json " + folder.path("migrations"));
  EXPECT_TRUE(
      has(ran.out,
          "checked the newest migration, 0004_next, and assumed that the 3 earlier ones have been applied"))
      << ran.out;
}

TEST(CheckMigrations, ANamedFileIsJudgedInItsPlaceAndTheOthersAreNotReported) {
  const Folder folder;
  write_migrations(folder, 4);
  EXPECT_EQ(checked(folder.path("migrations/0002_next.sql")), Names{"0002_next"});
  EXPECT_EQ(checked(folder.path("migrations/0002_next.sql") + " " +
                    folder.path("migrations/../migrations/0003_next.sql")),
            (Names{"0002_next", "0003_next"}));
  EXPECT_EQ(checked("0003_next.sql", folder.path("migrations")), Names{"0003_next"});
  const Ran ran = run("check " + folder.path("migrations/0002_next.sql"));
  EXPECT_FALSE(has(ran.out, "keyless")) << ran.out;
  folder.write("migrations/0001_init.sql",
               "CREATE TABLE t (id int PRIMARY KEY, a int, b2 int, b3 int, b4 int, b5 int);\nCREATE TABLE "
               "keyless (x int);\nCREATE TABEL x;\n");
  EXPECT_EQ(run("check " + folder.path("migrations/0002_next.sql")).err, "")
      << "what is wrong elsewhere is not told";
  EXPECT_TRUE(has(run("check " + folder.path("migrations")).err, "0001_init.sql:3"));
  EXPECT_TRUE(has(run("check " + folder.path("migrations/0001_init.sql")).out, "keyless"));
}

// Replaying the rest would report indexes and keys as missing that a missing file adds.
// The rule and file of each finding, without line and fix.
std::set<std::string> found(const std::string& arguments, const std::string& folder = "") {
  const Ran ran = run("check --format json --fail-on never " + arguments, folder);
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  std::set<std::string> out;
  if (!report.is_object()) return out;
  for (const auto& finding : report["findings"]) {
    const std::string file = finding.value("/location/file"_json_pointer, std::string());
    out.insert(finding["rule"].get<std::string>() + " " + std::filesystem::path(file).filename().string());
  }
  return out;
}

void write_reference_with_index(const Folder& folder) {
  folder.write("migrations/0001_init.sql",
               "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE q (id int PRIMARY KEY);\n"
               "CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p, q_id int REFERENCES q);\n"
               "CREATE INDEX c_p_id_idx ON c (p_id);\n");
  folder.write("migrations/0002_other.sql", "COMMENT ON TABLE p IS 'x';\n");
}

TEST(CheckMigrations, ANamedFileReportsWhatItCausesInOtherFiles) {
  const Folder folder;
  write_reference_with_index(folder);
  const std::string third = folder.write("migrations/0003_drop.sql", "DROP INDEX c_p_id_idx;\n");
  folder.write("migrations/0004_later.sql", "CREATE TABLE later (id int);\n");
  const auto caused = found(third);
  EXPECT_TRUE(caused.count("unindexed-foreign-key 0001_init.sql")) << "c (p_id) lost its index";
  EXPECT_FALSE(caused.count("missing-primary-key 0004_later.sql"));
  const Ran ran = run("check --format markdown " + third);
  EXPECT_FALSE(has(ran.out, "q_id")) << "q_id never had an index";
  EXPECT_TRUE(has(run("check --format markdown --all-schema " + third).out, "q_id"));
  EXPECT_EQ(found(folder.path("migrations/0002_other.sql")), Names{});
}

TEST(CheckMigrations, WithoutFilesOfTheJournalNothingIsSaidOfTheSchema) {
  const Folder folder;
  folder.write("package.json", "{}");
  folder.write("drizzle/.gitignore", "0000_*\n");
  folder.write("drizzle/meta/_journal.json",
               R"({"dialect":"postgresql","entries":[
{"idx":0,"when":1,"tag":"0000_a"},{"idx":1,"when":2,"tag":"0001_b"}]})");
  folder.write("drizzle/0001_b.sql", "CREATE TABLE keyless (x int);\nCREATE INDEX i ON t (a);\n");
  const Ran ran = run("check --fail-on never " + folder.path());
  EXPECT_FALSE(has(ran.out, "keyless")) << ran.out;
  EXPECT_TRUE(
      has(ran.err, "1 of the 2 files that the journal names is missing (0000_a.sql), as git ignores them (" +
                       folder.path("drizzle/.gitignore") + ":1: 0000_*): pgadvise can't know the schema"))
      << ran.err;
  EXPECT_EQ(lines(ran.err), 1) << ran.err;
  EXPECT_TRUE(has(run("check --format json " + folder.path()).out,
                  "drizzle/.gitignore:1: 0000_* makes git ignore it"));
  EXPECT_EQ(checked(folder.path()), Names{"0001_b"}) << "the newest migration is checked all the same";
}

TEST(CheckMigrations, EqualWarningsOfAFolderAreOne) {
  const Folder folder;
  folder.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
  folder.write("prisma/migrations/20240101000000_a/migration.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  for (const char* name : {"20240102000000_b", "20240103000000_c", "20240104000000_d"})
    folder.write("prisma/migrations/" + std::string(name) + "/migration.ts", "");
  const Ran ran = run("check " + folder.path());
  EXPECT_EQ(
      ran.err,
      "pgadvise: " + folder.path("prisma/migrations") +
          ": a migration that is a program: not replayed; 3 of them: 20240102000000_b, 20240103000000_c "
          "and 1 more (pgadvise does not know its changes)\n");
}

// What a DO block with computed SQL does is unknown: the findings about the tables that it names say so.
TEST(CheckMigrations, FindingsThatDependOnUnknownStatementsSayWhich) {
  const Folder folder;
  folder.write(
      "migrations/0001_init.sql",
      "CREATE TABLE keyless (x int);\nCREATE TABLE other (x int);\n"
      "DO $$ DECLARE r text := 'keyless'; BEGIN EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (x)', r); END "
      "$$;\n");
  const Ran ran = run("check --format json --fail-on never " + folder.path("migrations"));
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(report.is_object());
  std::map<std::string, std::string> reasons;
  for (const auto& finding : report["findings"])
    if (finding["rule"] == "missing-primary-key")
      reasons[finding["subject"]["table"]] = finding.value("verdict_reason", "");
  EXPECT_EQ(reasons["keyless"], "the statement at " + folder.path("migrations/0001_init.sql") +
                                    ":3:1 names this table, and its effects are unknown");
  EXPECT_EQ(reasons.count("other"), 1u);
  EXPECT_EQ(reasons["other"], "");
  EXPECT_TRUE(has(ran.err, "a DO block runs dynamic SQL")) << ran.err;
}

TEST(CheckMigrations, ALoneFileIsAMigrationWhenItChangesWhatItDoesNotMake) {
  const Folder folder;
  EXPECT_EQ(checked(folder.write("change.sql", "CREATE INDEX i ON elsewhere (x);\n")), Names{"change"});
  const auto reason = "did not run blocking-alter: needs migrations (PATH)";
  const auto dump = folder.write("dump.sql",
                                 "--\n-- PostgreSQL database dump\n--\nDROP TABLE IF EXISTS t; CREATE TABLE "
                                 "t (id int PRIMARY KEY); ALTER TABLE other ADD x int NOT NULL;\n");
  EXPECT_TRUE(has(run("check --verbose " + dump).err, reason));
  EXPECT_TRUE(has(
      run("check --verbose " + folder.write("schema.sql",
                                            "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, a "
                                            "int); CREATE INDEX i ON t (a);\n"))
          .err,
      reason));
  EXPECT_FALSE(has(run("check --verbose " + folder.path("change.sql")).err, reason));
  EXPECT_TRUE(has(run("check --verbose --schema " + folder.path("change.sql")).err, reason))
      << "--schema names a schema";
}

TEST(CheckMigrations, ATemplatesSchemaIsReadAndFixesKeepItsPlaceholder) {
  const Folder folder;
  const std::string schema = "{{ index .Options \"Namespace\" }}";
  folder.write("migrations/0001_a.sql", "CREATE TABLE " + schema + ".users (id int PRIMARY KEY);\n");
  folder.write("migrations/0002_b.sql", "CREATE TABLE \"" + schema +
                                            "\".posts (\n  id int PRIMARY KEY,\n  user_id "
                                            "int REFERENCES {{index .Options \"Namespace\" }}.users);\n");
  const Ran ran = run("check --format json --fail-on never " + folder.path("migrations"));
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << ran.err;
  EXPECT_EQ(lines(ran.err), 1) << ran.err;
  EXPECT_TRUE(has(ran.err, "the placeholder " + schema + " is read as the name namespace")) << ran.err;
  bool found = false;
  for (const auto& finding : report["findings"]) {
    if (finding["rule"] != "unindexed-foreign-key") continue;
    found = true;
    EXPECT_EQ(finding["subject"]["schema"], "namespace");
    EXPECT_EQ(finding["location"]["line"], 3);
    const std::string sql = finding["fix"]["sql"];
    EXPECT_TRUE(has(sql, " ON " + schema + ".posts (user_id)")) << sql;
  }
  EXPECT_TRUE(found) << ran.out;
}

class Git : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
    git("init -q -b main");
    git("config user.email a@example.com");
    git("config user.name a");
    write_migrations(folder, 3);
    commit();
  }
  void git(const std::string& arguments) const {
    ASSERT_EQ(
        std::system(("cd " + quoted(folder.path()) + " && git " + arguments + " >/dev/null 2>&1").c_str()), 0)
        << arguments;
  }
  void commit() const {
    git("add -A");
    git("commit -q -m x");
  }
  const Folder folder;
};

TEST_F(Git, SinceARevision) {
  folder.write("migrations/0004_next.sql", migration(4));
  commit();
  folder.write("migrations/0005_next.sql", migration(5));
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{"0005_next"}) << "not committed yet";
  EXPECT_EQ(checked("--since HEAD~1 " + folder.path("migrations")), (Names{"0004_next", "0005_next"}));
  git("add -A");
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{"0005_next"}) << "staged";
  commit();
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{});
  EXPECT_EQ(checked("--since main~1 migrations", folder.path()), Names{"0005_next"});
  EXPECT_TRUE(has(run("check --format json --since main~1 " + folder.path("migrations")).out,
                  "checked 1 of 5 migrations"))
      << "in the report";
}

TEST_F(Git, AMigrationInTheNewestReleaseIsNotPending) {
  const std::string path = folder.path("migrations");
  git("tag nightly-1");
  EXPECT_EQ(checked(path), Names{"0003_next"}) << "no release";
  git("tag v1.0");
  EXPECT_EQ(checked(path), Names{"0003_next"}) << "a deployment of this commit runs it";
  const auto go_on = [&](const std::string& name) {
    folder.write(name, "x");
    commit();
  };
  go_on("one.txt");
  EXPECT_EQ(checked(path), Names{});
  EXPECT_TRUE(has(run("check --format json " + path).out, "is in the release v1.0"));
  folder.write("migrations/0003_next.sql", migration(3) + "-- edited\n");
  EXPECT_EQ(checked(path), Names{"0003_next"});
  folder.write("migrations/0004_next.sql", migration(4));
  commit();
  EXPECT_EQ(checked(path), Names{"0004_next"});
  git("tag v1.1-rc1");
  go_on("two.txt");
  EXPECT_EQ(checked(path), Names{"0004_next"}) << "a release candidate";
  git("tag v1.1");
  go_on("three.txt");
  EXPECT_EQ(checked(path), Names{});
  EXPECT_EQ(checked("--since v1.0 " + path), (Names{"0003_next", "0004_next"}));
}

// As those of this repository, which its releases do not deploy.
TEST_F(Git, AReleaseDoesNotDeployFixtures) {
  folder.write("fixtures/other.txt", "x");
  git("mv migrations fixtures/migrations");
  commit();
  git("tag v1.0");
  folder.write("later.txt", "x");
  commit();
  EXPECT_EQ(checked(folder.path("fixtures/migrations")), Names{"0003_next"});
}

TEST_F(Git, AMovedFolderIsNotNew) {
  git("tag before");
  git("checkout -q -b feature");
  folder.write("packages/other.txt", "x");
  git("mv migrations packages/migrations");
  EXPECT_EQ(checked("--since before " + folder.path("packages/migrations")), Names{}) << "staged";
  commit();
  folder.write("packages/migrations/0004_next.sql", migration(4));
  commit();
  EXPECT_EQ(checked("--since before " + folder.path("packages/migrations")), Names{"0004_next"});
  EXPECT_EQ(checked("--since before .", folder.path()), Names{"0004_next"});
  EXPECT_EQ(checked("--changed packages", folder.path()), Names{"0004_next"});
  folder.write("packages/migrations/0002_next.sql", migration(2) + "-- edited\n");
  EXPECT_EQ(checked("--since before packages", folder.path()), (Names{"0002_next", "0004_next"}));
}

// What an older migration has and the source lacks is no change of the branch.
TEST_F(Git, ChangedReportsNoDifferenceThatAnOlderMigrationMade) {
  namespace fs = std::filesystem;
  fs::copy(fs::path(testing_support::source_dir) / "fixtures/rules/schema-ahead-of-migrations/bad",
           folder.path("app"), fs::copy_options::recursive);
  commit();
  const auto reported = [&](const std::string& options) {
    const Ran ran = run("check --format json --fail-on never " + options + " app", folder.path());
    const auto report = nlohmann::json::parse(ran.out, nullptr, false);
    Names out;
    if (!report.is_object()) return out;
    for (const auto& finding : report["findings"])
      if (finding["rule"] == "schema-ahead-of-migrations") out.insert(finding["location"]["file"]);
    return out;
  };
  const std::string migration = "app/drizzle/0000_shop.sql";
  EXPECT_TRUE(reported("").contains(migration));
  EXPECT_FALSE(reported("--since HEAD").contains(migration));
  EXPECT_TRUE(reported("--since HEAD").contains("app/src/schema.ts"));
  EXPECT_TRUE(reported("--since HEAD --all-schema").contains(migration));
}

// A hook before each commit: nothing to check in the migrations is no fault of the input.
TEST_F(Git, ARevisionWithoutNewMigrationsIsNoError) {
  for (int i = 1; i <= 3; ++i)
    folder.write(fmt::format("migrations/000{}_next.sql", i), "ALTER TABLE unknown OWNER TO app;\n");
  commit();
  for (const std::string option : {"--changed", "--since HEAD"}) {
    const auto ran = run("check " + option + " .", folder.path());
    EXPECT_EQ(ran.exit_code, 0) << option << ran.err;
    EXPECT_FALSE(has(ran.out, "Nothing was checked")) << option << ran.out;
    EXPECT_TRUE(has(ran.out, "Nothing changed since ")) << option << ran.out;
    EXPECT_TRUE(ran.out.ends_with(": no migration or schema file to check.\n")) << option << ran.out;
  }
  for (const std::string format : {"markdown", "agent", "json", "github", "junit", "sarif"}) {
    const auto ran = run("check --since HEAD --format " + format + " .", folder.path());
    EXPECT_EQ(ran.exit_code, 0) << format << ran.err;
    EXPECT_TRUE(has(ran.out, "othing changed since HEAD: no migration or schema file to check"))
        << format << ran.out;
  }
  folder.write("Dockerfile", "FROM node:22\nCMD npx drizzle-kit push\n");
  const auto found = run("check --since HEAD --format json .", folder.path());
  EXPECT_TRUE(has(found.out, "\"push-in-production\"")) << found.out;
  EXPECT_TRUE(has(found.out, "\"not_read\": \"nothing changed since HEAD: no migration")) << found.out;
  folder.write("migrations/0004_next.sql", "ALTER TABLE unknown OWNER TO app;\n");
  EXPECT_FALSE(has(run("check --since HEAD .", folder.path()).out, "Nothing changed"));
}

TEST_F(Git, AnEditCountsATouchDoesNot) {
  std::filesystem::last_write_time(folder.path("migrations/0002_next.sql"),
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{});
  folder.write("migrations/0002_next.sql", migration(2) + "-- edited\n");
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{"0002_next"});
}

TEST_F(Git, ChangedIsWhatTheBranchAddsDeployedTogether) {
  git("checkout -q -b feature");
  folder.write("migrations/0004_next.sql", migration(4) + "CREATE TABLE fresh (x int);\n");
  commit();
  folder.write("migrations/0005_next.sql", "CREATE INDEX f ON fresh (x);\n");
  commit();
  git("checkout -q main");
  folder.write("elsewhere.txt", "x");
  commit();
  git("checkout -q feature");
  EXPECT_EQ(checked("--changed " + folder.path("migrations")), Names{"0004_next"});
  EXPECT_EQ(checked("--since main " + folder.path("migrations")), (Names{"0004_next", "0005_next"}))
      << "each by itself";
  git("checkout -q main");
  EXPECT_EQ(checked("--changed " + folder.path("migrations")), Names{});
}

TEST_F(Git, ChangedReportsOnlyWhatTheBranchCausesInTheSchema) {
  const auto of_schema = [&](const std::string& options) {
    auto out = found(options + " " + folder.path("migrations"));
    std::erase_if(out, [](const std::string& one) { return one.starts_with("blocking-"); });
    return out;
  };
  ASSERT_TRUE(of_schema("").count("missing-primary-key 0001_init.sql"));
  git("checkout -q -b feature");
  folder.write("migrations/0004_next.sql", "CREATE TABLE fresh (x int);\n");
  commit();
  EXPECT_EQ(of_schema("--changed"), Names{"missing-primary-key 0004_next.sql"});
  EXPECT_TRUE(of_schema("--changed --all-schema").count("missing-primary-key 0001_init.sql"));
  EXPECT_EQ(of_schema("--since HEAD"), Names{}) << "nothing has changed since";
}

// Of application code, the functions that the branch adds or changes; one that only moved is not changed.
TEST_F(Git, OfCodeOnlyChangedFunctionsAreReported) {
  const auto function = [](const std::string& name, const std::string& more = "") {
    return "export async function " + name + "(n: number) {\n" + more +
           "  return db.select().from(orders).limit(5).offset(n);\n}\n";
  };
  const std::string head =
      "import { drizzle } from 'drizzle-orm/node-postgres';\n"
      "import { integer, pgTable } from 'drizzle-orm/pg-core';\n"
      "const orders = pgTable('orders', { id: integer().primaryKey() });\n"
      "const db = drizzle(process.env.URL);\n";
  folder.write("package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})");
  folder.write("src/one.ts", head + function("first") + function("second"));
  folder.write("src/two.ts", head + function("third"));
  git("add -A");
  commit();
  const auto functions = [&](const std::string& options) {
    const Ran ran = run("check " + options + " --format json .", folder.path());
    Names out;
    for (const auto& finding : nlohmann::json::parse(ran.out)["findings"])
      if (finding["rule"] == "offset-without-order-in-code")
        out.insert(finding["subject"]["entry"].get<std::string>().substr(0, 5));
    return out;
  };
  if (functions("").empty()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  EXPECT_EQ(functions(""), (Names{"first", "secon", "third"}));
  git("checkout -q -b feature");
  EXPECT_EQ(functions("--changed"), Names{});
  folder.write("src/one.ts", head + "// moved\n" + function("first") + function("second", "  n += 1;\n"));
  EXPECT_EQ(functions("--changed"), Names{"secon"}) << "not committed";
  folder.write("src/three.ts", head + function("fourth"));
  commit();
  EXPECT_EQ(functions("--changed"), (Names{"fourt", "secon"}));
  EXPECT_EQ(functions("--since HEAD"), Names{});
}

TEST_F(Git, WhatGitCanNotTellIsOneLineAndTwo) {
  const auto migrations = folder.path("migrations");
  for (const auto& arguments : {"--since nonsense " + migrations, "--since --output=/tmp/x " + migrations,
                                "--since '' " + migrations, "--since main --changed " + migrations}) {
    const Ran ran = run("check " + arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments << ran.err;
    EXPECT_EQ(lines(ran.err), 1) << arguments << ran.err;
  }
  const Folder outside;
  write_migrations(outside, 2);
  const Ran ran = run("check --changed " + outside.path("migrations"), "", "GIT_CEILING_DIRECTORIES=/");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "is not in a git repository")) << ran.err;
  git("branch -m trunk");
  EXPECT_TRUE(has(run("check --changed " + migrations).err, "name a revision: --since REV"));
}

TEST_F(Git, TheRepositoryRunsNothing) {
  const auto witness = folder.path("witness");
  const auto script = folder.write("run.sh", "#!/bin/sh\ntouch '" + witness + "'\ncat\n");
  chmod(script.c_str(), 0755);
  for (const char* key : {"core.fsmonitor", "filter.x.clean", "diff.external", "core.pager"})
    git("config " + std::string(key) + " " + quoted(script));
  folder.write(".gitattributes", "*.sql filter=x diff=x\n");
  folder.write("migrations/0002_next.sql", migration(2) + "-- edited\n");
  std::filesystem::remove(witness);
  EXPECT_EQ(checked("--since HEAD " + folder.path("migrations")), Names{"0002_next"});
  EXPECT_EQ(checked("--changed " + folder.path("migrations")), Names{"0002_next"});
  EXPECT_FALSE(std::filesystem::exists(witness));
}

}  // namespace
}  // namespace pgadvise
