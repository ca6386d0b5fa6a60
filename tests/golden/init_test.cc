// pgadvise init: what it writes is what check reads; and pgadvise.toml's inputs, databases and extends by the
// program.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "check/config/config.h"
#include "files/yaml_file.h"
#include "support/run.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string unindexed =
    "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p);\n";
const std::string journal =
    R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})";

void drizzle(const Folder& folder, const std::string& where = "") {
  folder.write(where + "drizzle/0000_a.sql", unindexed);
  folder.write(where + "drizzle/meta/_journal.json", journal);
  folder.write(where + "package.json",
               R"({"scripts": {"start": "node ."}, "dependencies": {"drizzle-orm": "1"}})");
}

std::string slurp(const Folder& folder, const std::string& name) {
  return read_file(folder.path(name)).value_or("");
}

TEST(Init, AReplacedConfigurationKeepsItsLineEndsAndItsMark) {
  const Folder folder;
  drizzle(folder);
  folder.write("pgadvise.toml", "\xef\xbb\xbf# ours\r\n");
  EXPECT_EQ(run("init --force --ci none", folder.path()).exit_code, 0);
  const std::string after = slurp(folder, "pgadvise.toml");
  EXPECT_TRUE(after.starts_with("\xef\xbb\xbf")) << after;
  EXPECT_TRUE(has(after, "paths = [\".\"]\r\n")) << after;
  EXPECT_FALSE(has(replace_all(after, "\r\n", ""), "\n")) << after;
  const Ran check = run("check --fail-on unindexed-foreign-key", folder.path());
  EXPECT_EQ(check.exit_code, 1) << check.err;
}

TEST(Init, FindsMigrationsThatAreProgramsAndTheirCommand) {
  const Folder folder;
  folder.write("manage.py", "import os\n");
  folder.write("requirements.txt", "django\npsycopg\n");
  folder.write("shop/migrations/__init__.py", "");
  folder.write("shop/migrations/0001_initial.py",
               "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
               "    operations = []\n");
  const Ran ran = run("init --ci none", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(lower(ran.out), "shop/migrations: django migrations (") &&
              has(ran.out, ", which are programs\n"))
      << ran.out;
  EXPECT_TRUE(has(ran.out, "Next\n  pgadvise check --allow-commands\n")) << ran.out;
  const std::string config = slurp(folder, "pgadvise.toml");
  EXPECT_TRUE(has(config, "[migrate]\ncommand = \"python manage.py migrate\"\n")) << config;
}

// pgadvise writes no migrations of this tool.
TEST(Init, FindsDbMigratesCommand) {
  const Folder folder;
  folder.write("package.json", R"({"dependencies": {"db-migrate": "1", "db-migrate-pg": "1"}})");
  folder.write("migrations/20260101000000-init.js",
               "'use strict';\n\nvar dbm;\n\nexports.setup = function(options, seedLink) {\n"
               "  dbm = options.dbmigrate;\n};\n\nexports.up = function(db) {\n"
               "  return db.createTable('orders', {id: 'int'});\n};\n");
  const Ran ran = run("init --ci none", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "migrations: db-migrate migrations (1 file), which are programs\n")) << ran.out;
  const std::string config = slurp(folder, "pgadvise.toml");
  EXPECT_TRUE(has(config, "[migrate]\ncommand = \"npx db-migrate up\"\n")) << config;
}

TEST(Init, WritesAConfigurationThatCheckReads) {
  const Folder folder;
  drizzle(folder);
  const Ran without = run("check --fail-on never", folder.path());
  const Ran ran = run("init", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "Found\n  drizzle: drizzle migrations (1 file)\n") &&
              has(ran.out, "Wrote\n  pgadvise.toml\n") && has(ran.out, "Next\n  pgadvise check\n"))
      << ran.out;
  EXPECT_TRUE(has(ran.out, "pgadvise init --ci github")) << ran.out;
  EXPECT_FALSE(fs::exists(folder.path(".github")));
  const std::string config = slurp(folder, "pgadvise.toml");
  EXPECT_TRUE(has(config, "# drizzle: drizzle migrations (1 file)\n") && has(config, "paths = [\".\"]\n"))
      << config;
  const Ran with = run("check --fail-on unindexed-foreign-key", folder.path());
  EXPECT_EQ(with.exit_code, 1) << with.err;
  EXPECT_EQ(with.err, without.err);
  // What it shows as comments is valid, too.
  std::string examples;
  const std::string comments = config.substr(config.find("# [databases"));
  for (const auto line : split(comments, '\n'))
    examples += (line.starts_with("# ") ? std::string(line.substr(2)) : "") + "\n";
  EXPECT_TRUE(check::parse_config("pgadvise.toml", examples)) << examples;
}

TEST(Init, SuggestsTheCommandThatMigrates) {
  const auto command = [](const std::string& file, const std::string& text) -> std::string {
    const Folder folder;
    folder.write(file, text);
    EXPECT_EQ(run("init --ci none", folder.path()).exit_code, 0) << file;
    const std::string config = slurp(folder, "pgadvise.toml");
    const auto at = config.find("# command = ");
    return at == std::string::npos ? config : config.substr(at, config.find('\n', at) - at);
  };
  EXPECT_EQ(command("db/00001_a.sql", "-- +goose Up\nCREATE TABLE a ();\n"),
            R"(# command = "goose -dir MIGRATIONS postgres \"$DATABASE_URL\" up")");
  EXPECT_EQ(command("sql/V1__a.sql", "CREATE TABLE a ();\n"),
            R"(# command = "flyway -url=\"$JDBC_DATABASE_URL\" migrate")");
  EXPECT_EQ(command("drizzle/meta/_journal.json", journal), R"(# command = "npx drizzle-kit migrate")");
}

TEST(Init, WritesAStepForTheCiThatIsThere) {
  const Folder folder;
  drizzle(folder, "apps/it's api/");
  folder.write(".git/HEAD", "ref: refs/heads/main\n");
  folder.write(".github/dependabot.yml", "version: 2\n");
  folder.write(".gitlab-ci.yml", "test:\n  script: make\n");
  folder.write(".pre-commit-config.yaml", "repos: []\n");
  const Ran ran = run("init " + quoted("apps/it's api"), folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "To add to .gitlab-ci.yml\n\ninclude:\n  - local: .gitlab/pgadvise.yml\n"))
      << ran.out;
  EXPECT_TRUE(has(ran.out, "To add to .pre-commit-config.yaml, under repos\n\n  - repo: local\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "replace OWNER/pgadvise")) << ran.out;
  EXPECT_TRUE(fs::exists(folder.path("apps/it's api/pgadvise.toml")));
  const auto workflow = files::parse_yaml(slurp(folder, ".github/workflows/pgadvise.yml"), "pgadvise.yml");
  ASSERT_TRUE(workflow) << workflow.error().line();
  const auto step = (*workflow)["jobs"]["pgadvise"]["steps"][1];
  EXPECT_EQ(step["uses"].as<std::string>(), "OWNER/pgadvise@main");
  EXPECT_EQ(step["with"]["working-directory"].as<std::string>(), "apps/it's api");
  const auto gitlab = files::parse_yaml(slurp(folder, ".gitlab/pgadvise.yml"), "pgadvise.yml");
  ASSERT_TRUE(gitlab) << gitlab.error().line();
  EXPECT_EQ((*gitlab)["pgadvise"]["artifacts"]["reports"]["codequality"].as<std::string>(),
            "apps/it's api/gl-code-quality-report.json");
  ASSERT_GT((*gitlab)["pgadvise"]["script"].size(), 0U);
  for (const auto& line : (*gitlab)["pgadvise"]["script"])
    EXPECT_EQ(std::system(("bash -n -c " + quoted(line.as<std::string>())).c_str()), 0);
  // The lines for pre-commit, as they are pasted.
  const auto from = ran.out.find("  - repo: local");
  const auto hooks =
      files::parse_yaml("repos:\n" + ran.out.substr(from, ran.out.find("\n\nNext") - from), "pre-commit");
  ASSERT_TRUE(hooks) << hooks.error().line();
  const std::string entry = (*hooks)["repos"][0]["hooks"][0]["entry"].as<std::string>();
  EXPECT_EQ(std::system(("bash -n -c " + quoted(entry)).c_str()), 0) << entry;
}

TEST(Init, LeavesWhatIsThere) {
  const Folder folder;
  drizzle(folder);
  folder.write("pgadvise.toml", "# mine\n");
  folder.write(".github/workflows/ci.yml", "jobs: {a: {steps: [{run: pgadvise check}]}}\n");
  folder.write(".pre-commit-config.yaml", "repos: [] # pgadvise\n");
  const Ran ran = run("init", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "pgadvise.toml exists already: not changed (--force replaces it)")) << ran.out;
  EXPECT_TRUE(has(ran.out, ".github/workflows/ci.yml mentions pgadvise already")) << ran.out;
  EXPECT_FALSE(has(ran.out, "To add")) << ran.out;
  EXPECT_EQ(slurp(folder, "pgadvise.toml"), "# mine\n");
  const Ran force = run("init --force --ci none", folder.path());
  EXPECT_TRUE(has(force.out, "pgadvise.toml, replaced")) << force.out;
  EXPECT_NE(slurp(folder, "pgadvise.toml"), "# mine\n");
  EXPECT_TRUE(has(run("init --ci none", folder.path()).out, "exists already, with the same content"));
}

TEST(Init, ADryRunWritesNothing) {
  const Folder folder;
  drizzle(folder);
  const Ran ran = run("init --dry-run --ci github --action me/pgadvise@v1", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "Would write\n  pgadvise.toml\n") && has(ran.out, "paths = [\".\"]") &&
              has(ran.out, "- uses: me/pgadvise@v1"))
      << ran.out;
  EXPECT_FALSE(has(ran.out, "OWNER")) << ran.out;
  EXPECT_FALSE(fs::exists(folder.path("pgadvise.toml")) || fs::exists(folder.path(".github")));
}

TEST(Init, OneConfigurationAboveIsEnough) {
  const Folder folder;
  folder.write(".git/HEAD", "");
  folder.write("pgadvise.toml", "");
  drizzle(folder, "sub/");
  EXPECT_TRUE(has(run("init", folder.path("sub")).out, "../pgadvise.toml applies here, too"));
  EXPECT_FALSE(fs::exists(folder.path("sub/pgadvise.toml")));
  EXPECT_EQ(run("init --force", folder.path("sub")).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder.path("sub/pgadvise.toml")));
}

TEST(Init, OddPlaces) {
  const Folder folder;
  const Ran nothing = run("init", folder.path());
  EXPECT_EQ(nothing.exit_code, 0);
  EXPECT_TRUE(has(nothing.out, "Nothing was written")) << nothing.out;
  EXPECT_EQ(run("init gone", folder.path()).exit_code, 2);
  EXPECT_EQ(run("init --ci jenkins", folder.path()).exit_code, 2);
  // A link, even one that leads nowhere, is somebody's.
  drizzle(folder);
  fs::create_symlink("elsewhere", folder.path("pgadvise.toml"));
  EXPECT_TRUE(has(run("init", folder.path()).out, "pgadvise.toml exists already"));
  EXPECT_EQ(run("init --force", folder.path()).exit_code, 0);
  EXPECT_FALSE(fs::exists(folder.path("elsewhere")));
  // .github is a file: nothing is written, not even the configuration.
  const Folder other;
  drizzle(other);
  other.write(".github", "");
  const Ran failed = run("init --ci github", other.path());
  EXPECT_EQ(failed.exit_code, 2) << failed.out;
  EXPECT_TRUE(has(failed.err, "nothing was written")) << failed.err;
  EXPECT_FALSE(fs::exists(other.path("pgadvise.toml")));
}

TEST(ConfiguredInputs, StandForThoseThatAreNotNamed) {
  const Folder folder;
  folder.write("db/dump.sql", unindexed);
  folder.write("db/queries.sql", "SELECT * FROM c ORDER BY random() LIMIT 1;\n");
  folder.write("pgadvise.toml", "[inputs]\nschema = \"db/d*.sql\"\nworkloads = [\"db/queries.sql\"]\n");
  const Ran ran = run("check", folder.path());
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key") && has(ran.out, "order-by-random") &&
              has(ran.out, "db/queries.sql"))
      << ran.out << ran.err;
  fs::create_directory(folder.path("sub"));
  EXPECT_TRUE(has(run("check", folder.path("sub")).out, "../db/queries.sql"));
  EXPECT_FALSE(has(run("check db/dump.sql", folder.path()).out, "queries.sql"));
  folder.write("other.sql", "SELECT 1;\n");
  const Ran other = run("check --workload other.sql", folder.path());
  EXPECT_TRUE(has(other.out, "unindexed-foreign-key")) << "the schema stays" << other.out << other.err;
  EXPECT_FALSE(has(other.out, "queries.sql")) << other.out;
  folder.write("pgadvise.toml", "[inputs]\nschema = [\"db/gone.sql\", \"db/dump.sql\"]\n");
  const Ran gone = run("check", folder.path());
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_TRUE(has(gone.err, "db/gone.sql: no such file") && has(gone.out, "unindexed-foreign-key"))
      << gone.err;
}

TEST(ConfiguredInputs, ExcludedFoldersAreNotRead) {
  const Folder folder;
  drizzle(folder);
  drizzle(folder, "examples/one/");
  folder.write("examples/Dockerfile", "FROM node\nRUN npx drizzle-kit push --force\n");
  EXPECT_TRUE(has(run("check", folder.path()).out, "examples/one/drizzle"));
  folder.write("pgadvise.toml", "[inputs]\nexclude = [\"examples\"]\n");
  const Ran ran = run("check", folder.path());
  EXPECT_FALSE(has(ran.out, "examples")) << ran.out;
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key")) << ran.out;
  EXPECT_TRUE(has(run("check examples", folder.path()).out, "push-in-production"));
}

TEST(DatabaseProfiles, AreNamedBehindAnAt) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  folder.write("pgadvise.toml",
               "[databases.production]\nurl-env = \"PGADVISE_TEST_URL\"\n[databases.near]\nurl = "
               "\"host=127.0.0.1 port=1 dbname=shop\"\n[databases.service]\nservice = \"pgadvise-test\"\n");
  folder.write("services", "[pgadvise-test]\nhost=127.0.0.1\nport=2\ndbname=other\n");
  const Ran near = run("check dump.sql --db @near --allow-host 127.0.0.1:1", folder.path());
  EXPECT_EQ(near.exit_code, 3) << near.err;
  EXPECT_TRUE(has(near.err, "shop") && has(near.err, "127.0.0.1")) << near.err;
  const Ran service =
      run("check dump.sql --db @service", folder.path(), "PGSERVICEFILE=" + folder.path("services"));
  EXPECT_EQ(service.exit_code, 3) << service.err;
  EXPECT_TRUE(has(service.err, "127.0.0.1") || has(service.err, "other")) << service.err;
  const Ran variable = run("snapshot --db @production", folder.path(),
                           "PGADVISE_TEST_URL=postgres://joe:secret-word@127.0.0.1:1/shop");
  EXPECT_EQ(variable.exit_code, 3) << variable.err;
  EXPECT_FALSE(has(variable.err, "secret-word")) << variable.err;
  const Ran unset = run("digest --db @production", folder.path(), "PGADVISE_TEST_URL=");
  EXPECT_EQ(unset.exit_code, 2);
  EXPECT_TRUE(has(unset.err, "PGADVISE_TEST_URL, which is not set")) << unset.err;
  EXPECT_TRUE(has(run("explain 'SELECT 1' --db @neer", folder.path()).err, "did you mean near?"));
  EXPECT_TRUE(has(run("advise --db @near2 --workload dump.sql", folder.path()).err, "did you mean near?"));
  EXPECT_TRUE(has(run("check dump.sql --db @near --config gone.toml", folder.path()).err, "gone.toml"));
  folder.write("pgadvise.toml", "[databases.near]\nurl = \"postgres://joe:secret-word@h/x\"\n");
  const Ran password = run("check --db @near", folder.path());
  EXPECT_EQ(password.exit_code, 2);
  EXPECT_TRUE(has(password.err, "pgadvise.toml:2:7: url contains a password")) << password.err;
  EXPECT_FALSE(has(password.err, "secret-word")) << password.err;
}

TEST(Extends, AreListedAmongTheInputs) {
  const Folder folder;
  folder.write("shared/base.toml", "[rules.unindexed-foreign-key]\nseverity = \"error\"\n");
  folder.write("pgadvise.toml", "extends = \"shared/base.toml\"\n");
  folder.write("dump.sql", unindexed);
  const Ran ran = run("check dump.sql --format json", folder.path());
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_TRUE(has(ran.out, "\"shared/base.toml\"")) << ran.out;
  folder.write("shared/base.toml", "[rulez]\n[inputs]\nx = 1\n");
  const Ran wrong = run("check dump.sql", folder.path());
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(has(wrong.err, "shared/base.toml:1:2: unknown key rulez") &&
              has(wrong.err, "shared/base.toml:3:1: unknown key x"))
      << wrong.err;
}

}  // namespace
}  // namespace pgadvise
