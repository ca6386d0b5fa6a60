// check --migrate-with: what a migrate command executes in the sandbox is checked, and the command reaches
// nothing else. Where the kernel refuses namespaces the tests are skipped.
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/process/isolated_process.h"
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

// What the tests below compare of a report: "RULE FILE:LINE" of each finding about locks, and
// "FILE:TRANSACTION" of each statement of the lock forecast.
std::vector<std::string> shown(const std::string& report_text) {
  std::vector<std::string> out;
  const json report = json::parse(report_text);
  for (const auto& finding : report["findings"])
    if (finding["rule"] == "blocking-index-build" || finding["rule"] == "lock-held-during-work")
      out.push_back(finding["rule"].get<std::string>() + " " +
                    finding["location"]["file"].get<std::string>() + ":" +
                    std::to_string(finding["location"]["line"].get<int>()));
  for (const auto& forecast : report["lock_forecasts"])
    for (const auto& statement : forecast["statements"])
      out.push_back(forecast["file"].get<std::string>() + ":" +
                    std::to_string(statement["transaction"].get<int>()));
  return out;
}

// A script writes the rows of goose 3 (goose_db_version), as its source does: version 0 with the table, then
// a row in each migration's transaction, or after the statements of one with NO TRANSACTION.
TEST_F(MigrateWith, RowsAsGooseWritesThem) {
  folder.write("project/sql/00001_users.sql",
               "-- +goose Up\nCREATE TABLE users (id bigint PRIMARY KEY, email text);\n"
               "-- +goose Down\nDROP TABLE users;\n");
  folder.write("project/sql/00002_index.sql",
               "-- +goose NO TRANSACTION\n-- +goose Up\n"
               "CREATE INDEX CONCURRENTLY users_email ON users (email);\n"
               "-- +goose Down\nDROP INDEX users_email;\n");
  folder.write("project/sql/00003_age.sql",
               "-- +goose Up\nALTER TABLE users ADD COLUMN age int;\nCREATE INDEX users_age ON users (age);\n"
               "-- +goose Down\nALTER TABLE users DROP COLUMN age;\n");
  folder.write("project/as_goose.sh", R"sh(set -e
sql() { psql -qX -v ON_ERROR_STOP=1; }
sql <<'SQL'
BEGIN;
CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL,
  is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true);
COMMIT;
SQL
version=0
for file in sql/*.sql; do
  version=$((version + 1))
  up=$(sed -e '/+goose Down/,$d' -e '/^--/d' "$file")
  row="INSERT INTO goose_db_version (version_id, is_applied) VALUES ($version, true);"
  if grep -q 'NO TRANSACTION' "$file"; then printf '%s\n%s\n' "$up" "$row" | sql
  else printf 'BEGIN;\n%s\n%s\nCOMMIT;\n' "$up" "$row" | sql
  fi
done
)sh");
  const Ran ran = check("sh as_goose.sh", "--format json");
  ASSERT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_EQ(shown(ran.out), (std::vector<std::string>{"lock-held-during-work sql/00003_age.sql:2",
                                                      "blocking-index-build sql/00003_age.sql:3",
                                                      "sql/00003_age.sql:1", "sql/00003_age.sql:1"}));
}

// A script writes the rows of Flyway (flyway_schema_history), as its source does: by a second connection,
// before the migration's transaction ends.
TEST_F(MigrateWith, RowsAsFlywayWritesThem) {
  folder.write("project/sql/V1__users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n");
  folder.write("project/sql/V2__age.sql",
               "ALTER TABLE users ADD COLUMN age int;\nCREATE INDEX users_age ON users (age);\n");
  folder.write("project/as_flyway.sh", R"sh(set -e
sql() { psql -qX -v ON_ERROR_STOP=1; }
sql <<'SQL'
BEGIN;
CREATE TABLE "public"."flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50),
  "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL,
  "checksum" INTEGER, "installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
  "execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL);
ALTER TABLE "public"."flyway_schema_history" ADD CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank");
CREATE INDEX "flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success");
COMMIT;
SQL
rank=0
for file in sql/V*.sql; do
  rank=$((rank + 1))
  name=$(basename "$file" .sql)
  echo "INSERT INTO \"public\".\"flyway_schema_history\" (\"installed_rank\", \"version\", \"description\", \"type\",
    \"script\", \"checksum\", \"installed_by\", \"execution_time\", \"success\")
    VALUES ($rank, '$rank', '${name#*__}', 'SQL', '$name.sql', 123, 'app', 7, true);" >"$TMPDIR/row"
  { echo 'BEGIN;'; cat "$file"; echo "\\! psql -qX -f $TMPDIR/row"; echo 'COMMIT;'; } | sql
done
)sh");
  const Ran ran = check("sh as_flyway.sh", "--format json");
  ASSERT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_EQ(shown(ran.out), (std::vector<std::string>{"lock-held-during-work sql/V2__age.sql:1",
                                                      "blocking-index-build sql/V2__age.sql:2",
                                                      "sql/V2__age.sql:1", "sql/V2__age.sql:1"}));
}

// A script writes the rows of Prisma's native engine (_prisma_migrations): one before the migration, which is
// one query of all statements, and an UPDATE after it.
TEST_F(MigrateWith, RowsAsPrismasEngineWritesThem) {
  folder.write("project/prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
  folder.write("project/prisma/migrations/20260101000000_users/migration.sql",
               "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n");
  folder.write("project/prisma/migrations/20260201000000_age/migration.sql",
               "ALTER TABLE users ADD COLUMN age int;\nCREATE INDEX users_age ON users (age);\n");
  folder.write("project/as_prisma.sh", R"sh(set -e
sql() { psql -qX -v ON_ERROR_STOP=1 -c "$1"; }
sql 'CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)'
for folder in prisma/migrations/*/; do
  name=$(basename "$folder")
  sql "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('id-$name', 'sum', '$name')"
  sql "$(cat "$folder/migration.sql")"
  sql "UPDATE _prisma_migrations SET applied_steps_count = applied_steps_count + 1 WHERE id = 'id-$name'"
  sql "UPDATE _prisma_migrations SET finished_at = now() WHERE id = 'id-$name'"
done
)sh");
  const Ran ran = check("sh as_prisma.sh", "--format json");
  ASSERT_LE(ran.exit_code, 1) << ran.err;
  const std::string file = "prisma/migrations/20260201000000_age/migration.sql";
  EXPECT_EQ(shown(ran.out),
            (std::vector<std::string>{"lock-held-during-work " + file + ":1",
                                      "blocking-index-build " + file + ":2", file + ":1", file + ":1"}));
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

// A superuser runs programs outside of the isolation: COPY TO PROGRAM.
TEST_F(MigrateWith, CannotBecomeTheSuperuser) {
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);  // the server's user could write
  const std::string outside = folder.path("outside");
  folder.write("project/attack.sh", R"sh(
for user in pgadvise_admin postgres root pgadvise; do
  for password in "$PGPASSWORD" "" pgadvise_admin sandbox; do
    for where in "dbname=sandbox" "dbname=template1" "dbname=sandbox replication=database" "replication=true"; do
      PGPASSWORD=$password psql -Xw "$where user=$user passfile=/dev/null" -c "COPY (SELECT 1) TO PROGRAM 'touch $1'" 2>&1
    done
  done
done
for statement in "SET ROLE pgadvise_admin" "SET SESSION AUTHORIZATION pgadvise_admin" "ALTER ROLE pgadvise SUPERUSER"; do
  psql -X -c "$statement" -c "COPY (SELECT 1) TO PROGRAM 'touch $1'"
done
cat "${TMPDIR%/*}"/pgadvise-sandbox-*/data/pg_hba.conf && echo "rules are readable"
echo "local all all trust" >"$(echo "${TMPDIR%/*}"/pgadvise-sandbox-*)/data/pg_hba.conf" && echo "rules are writable"
ls "${TMPDIR%/*}"/pgadvise-sandbox-*/.s.PGSQL* && echo "the socket is there"
exec sh tool.sh
)sh");
  const Ran ran = check("sh attack.sh " + quoted(outside), "-v", "TMPDIR=" + quoted(folder.path()));
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(outside)) << ran.err;
  for (const char* reached : {"rules are", "the socket is there", "scram-sha-256"})
    EXPECT_EQ(ran.err.find(reached), std::string::npos) << ran.err;
}

// What a terminal would take for a command, and what would be typed into one.
TEST_F(MigrateWith, ItsOutputIsPrintable) {
  folder.write("project/shout.sh",
               "printf '\\033]0;title\\007\\033[2J\\302\\233x\\r over\\n'; printf '\\033[1A' >&2\n"
               "printf '\\033[3J' >/dev/tty; python3 -c 'import fcntl; fcntl.ioctl(0, 0x5412, b\"x\")'\n");
  for (const char* more : {"; sh tool.sh", "; exit 3"}) {
    const Ran ran = check(std::string("sh shout.sh") + more);
    EXPECT_NE(ran.err.find("title"), std::string::npos) << ran.err;
    for (const char* raw : {"\x1b", "\a", "\r", "\xc2\x9b"})
      EXPECT_EQ(ran.err.find(raw), std::string::npos) << ran.err;
  }
}

// What runs later, when the user calls git, npm or make.
TEST_F(MigrateWith, TheRepositoryIsReadOnly) {
  const std::string later[] = {".git/hooks/post-checkout", ".git/config", "package.json",
                               ".husky/pre-commit",        "Makefile",    "migrations/003.js"};
  for (const auto& file : {later[0], later[1], later[2], later[3]}) folder.write("project/" + file, "old\n");
  folder.write("project/cache/kept", "");
  std::string command;
  for (const auto& file : later) command += "echo evil >>" + file + "; ln -sf /bin/true " + file + "; ";
  command += "mv .git elsewhere; git config core.hooksPath .husky; touch new cache/made; ";
  const Ran ran = check(command + "sh tool.sh", "--migrate-writes cache");
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  for (const auto& file : {later[0], later[1], later[2], later[3]})
    EXPECT_EQ(read_file(folder.path("project/" + file)).value_or(""), "old\n") << file;
  for (const char* file : {"new", "Makefile", "migrations/003.js", "elsewhere"})
    EXPECT_FALSE(std::filesystem::exists(folder.path(std::string("project/") + file))) << file;
  EXPECT_TRUE(std::filesystem::exists(folder.path("project/cache/made"))) << ran.err;
  for (const char* refused : {".", ".git", ".git/hooks", "..", "missing"}) {
    const Ran named = check("sh tool.sh", std::string("--migrate-writes ") + refused);
    EXPECT_EQ(named.exit_code, 2) << refused;
    EXPECT_NE(named.err.find("--migrate-writes: "), std::string::npos) << named.err;
  }
  const Ran planted = check("mkdir cache/.git; sh tool.sh", "--migrate-writes cache");
  EXPECT_EQ(planted.exit_code, 2)
      << "a program that calls git there would read that repository's configuration";
  EXPECT_NE(planted.err.find("since the command ran"), std::string::npos) << planted.err;
  std::filesystem::remove_all(folder.path("project/cache/.git"));
  const Ran hinted = check("touch cache/made");
  EXPECT_EQ(hinted.exit_code, 2);
  EXPECT_NE(hinted.err.find("--migrate-writes DIR"), std::string::npos) << hinted.err;
}

// `.git` is a file that names a folder elsewhere.
TEST_F(MigrateWith, AWorktreesGitIsReadOnly) {
  const std::string git = "git -c init.defaultBranch=main -c user.name=x -c user.email=x@x ";
  const std::string make = "cd " + quoted(folder.path("project")) + " && (" + git + "init -q && " + git +
                           "add . && " + git + "commit -qm x && " + git +
                           "worktree add -q ../tree) >/dev/null 2>&1";
  if (std::system(make.c_str()) != 0) GTEST_SKIP() << "git is not installed";
  const std::string hook = folder.path("project/.git/hooks/post-checkout");
  const Ran ran =
      run("check --migrate-with " + quoted("echo evil >" + hook + "; echo evil >.git; echo evil >" +
                                           folder.path("project/.git/config.worktree") + "; sh tool.sh"),
          folder.path("tree"));
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(hook));
  EXPECT_FALSE(std::filesystem::exists(folder.path("project/.git/config.worktree")));
  EXPECT_TRUE(read_file(folder.path("tree/.git")).value_or("").starts_with("gitdir:"));
}

TEST_F(MigrateWith, SeesNoProcessAndLeavesNone) {
  const std::string mark = "97531" + std::to_string(::getpid());
  const Ran ran = check("echo processes: /proc/[0-9]*; setsid -f sleep " + mark +
                        " >/dev/null 2>&1; kill -9 -1; sh tool.sh");
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_NE(ran.err.find("processes: /proc/1 /proc/2\n"), std::string::npos) << ran.err;
  EXPECT_NE(std::system(("pgrep -f 'slee[p] " + mark + "' >/dev/null").c_str()), 0);
}

// Its client is gone, and the server does not know yet: pg_sleep writes nothing.
TEST_F(MigrateWith, ASessionThatItLeavesHoldsNoLock) {
  folder.write("project/leaves.sh",
               "sh tool.sh; psql -qX -c BEGIN -c 'LOCK TABLE users IN ACCESS EXCLUSIVE MODE; SELECT "
               "pg_sleep(3600)' & sleep 1\n");
  const auto begun = std::chrono::steady_clock::now();
  const Ran ran = check("sh leaves.sh");
  EXPECT_LE(ran.exit_code, 1) << ran.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(10)) << "ANALYZE waited";
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
  folder.write("project/pgadvise.toml", "[migrate]\ncommand = \"touch cache/ran; sh tool.sh\"\n");
  folder.write("project/cache/kept", "");
  EXPECT_LE(run("check", folder.path("project")).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path("project/cache/ran")));
  const Ran allowed = run("check --allow-commands --migrate-writes cache", folder.path("project"));
  EXPECT_LE(allowed.exit_code, 1) << allowed.err;
  EXPECT_TRUE(std::filesystem::exists(folder.path("project/cache/ran")));
}

}  // namespace
}  // namespace pgadvise
