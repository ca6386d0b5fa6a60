// check --migrate-with: what a migrate command executes in the sandbox is checked, and the command reaches
// nothing else. Where the kernel refuses namespaces the tests are skipped.
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/isolated_process.h"
#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

// A migration tool in a shell script, with the table and the names of knex.
constexpr const char* tool = R"sh(set -e
psql -qX -v ON_ERROR_STOP=1 -c "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)"
for file in migrations/*.js; do
  sed -n 's/^\/\/ //p' "$file" | psql -qX -v ON_ERROR_STOP=1 -1
  psql -qX -v ON_ERROR_STOP=1 -c "INSERT INTO knex_migrations (name, batch) VALUES ('$(basename "$file")', 1)"
done
)sh";

class MigrateWith : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto possible = can_isolate(); !possible) GTEST_SKIP() << possible.error().what;
    folder.write("project/tool.sh", tool);
    folder.write("project/migrations/001_users.js",
                 "// CREATE TABLE users (id bigint PRIMARY KEY, email text);\n");
    folder.write("project/migrations/002_index.js",
                 "'use strict';\n// CREATE INDEX users_email ON users (email);\n");
  }
  Ran check(const std::string& command, const std::string& more = "", const std::string& environment = "") {
    return run("check --migrate-with " + quoted(command) + " " + more, folder.path("project"), environment);
  }
  Folder folder;
};

TEST_F(MigrateWith, MigrationsOfProgramsAreChecked) {
  const Ran ran = check("sh tool.sh", "--format json");
  ASSERT_LE(ran.exit_code, 1) << ran.err;
  const json report = json::parse(ran.out);
  bool found = false;
  for (const auto& finding : report["findings"])
    if (finding["rule"] == "blocking-index-build") {
      found = true;
      EXPECT_NE(finding.dump().find("migrations/002_index.js"), std::string::npos) << finding.dump(2);
    }
  EXPECT_TRUE(found) << ran.out.substr(0, 4000);
}

// Drizzle's rows have a hash and a time, no name.
TEST_F(MigrateWith, ATimeOfTheJournalNamesAFile) {
  folder.write("project/drizzle/0000_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n");
  folder.write("project/drizzle/0001_index.sql", "CREATE INDEX users_email ON users (email);\n");
  folder.write("project/drizzle/meta/_journal.json",
               R"({"version":"7","dialect":"postgresql","entries":[
{"idx":0,"version":"7","when":1700000000000,"tag":"0000_users","breakpoints":true},
{"idx":1,"version":"7","when":1700000001000,"tag":"0001_index","breakpoints":true}]})");
  folder.write("project/drizzle.sh", R"sh(set -e
psql -qX -v ON_ERROR_STOP=1 -c "CREATE SCHEMA drizzle"
psql -qX -v ON_ERROR_STOP=1 -c "CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)"
when=1700000000000
for file in drizzle/*.sql; do
  psql -qX -v ON_ERROR_STOP=1 -f "$file"
  psql -qX -v ON_ERROR_STOP=1 -c "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('abc', $when)"
  when=$((when + 1000))
done
)sh");
  const Ran ran = check("sh drizzle.sh", "--format json");
  ASSERT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_NE(ran.out.find("drizzle/0001_index.sql"), std::string::npos) << ran.out.substr(0, 4000);
}

TEST_F(MigrateWith, ReachesNothingButTheSandbox) {
  live::Database other("CREATE TABLE untouched ()");
  const std::string url = quoted(other.conninfo());
  folder.write("project/.env", "SHADOW_URL=postgres://prod.example.com/x\n");
  const Ran ran = check("psql -X " + url +
                            " -c 'CREATE TABLE taken ()'; echo \"shadow $SHADOW_URL\"; "
                            "touch " +
                            quoted(folder.path("outside")) + "; sh tool.sh",
                        "", "DATABASE_URL=postgres://u:hunter2secret@prod.example.com/x");
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_NE(ran.err.find("shadow postgres://"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("prod.example.com"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("hunter2secret"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.path("outside")));
  EXPECT_EQ(run("check --db " + url + " --format json", folder.path("")).out.find("taken"),
            std::string::npos);
}

TEST_F(MigrateWith, ACommandThatFailsHangsOrExecutesNothingIsAnError) {
  const Ran failed = check("echo password=hunter2secret; echo last words >&2; exit 3");
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_NE(failed.err.find("exit code 3"), std::string::npos) << failed.err;
  EXPECT_NE(failed.err.find("last words"), std::string::npos);
  EXPECT_EQ(failed.err.find("hunter2secret"), std::string::npos);
  const Ran hangs = check("sleep 600", "--migrate-timeout 1");
  EXPECT_EQ(hangs.exit_code, 2);
  EXPECT_NE(hangs.err.find("did not end within 1 s"), std::string::npos) << hangs.err;
  const Ran nothing = check("true");
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_NE(nothing.err.find("executed no statement"), std::string::npos) << nothing.err;
  const Ran queries = check("psql -X -c 'SELECT 1'");
  EXPECT_EQ(queries.exit_code, 2);
  EXPECT_NE(queries.err.find("only queries"), std::string::npos) << queries.err;
}

TEST_F(MigrateWith, ARepositorysCommandNeedsPermission) {
  folder.write("project/pgadvise.toml", "[migrate]\ncommand = \"touch ran; sh tool.sh\"\n");
  EXPECT_LE(run("check", folder.path("project")).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path("project/ran")));
  const Ran allowed = run("check --allow-commands", folder.path("project"));
  EXPECT_LE(allowed.exit_code, 1) << allowed.err;
  EXPECT_TRUE(std::filesystem::exists(folder.path("project/ran")));
}

}  // namespace
}  // namespace pgadvise
