// The command line's promises that need no server: exit codes, one clear line for bad input, where output
// goes.
#include <iterator>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "base/files/input_file.h"
#include "report/report.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::Ran;
using testing_support::run;

const std::string unindexed =
    "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (p_id int REFERENCES p);\n";

int lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Cli, ExitCodeFollowsFailOn) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  EXPECT_EQ(run("check " + file).exit_code, 0) << "a warning is under the default --fail-on error";
  EXPECT_EQ(run("check --fail-on warning " + file).exit_code, 1);
  EXPECT_EQ(run("check --fail-on never " + file).exit_code, 0);
}

TEST(Cli, AMissingPathIsOneLineAndTwo) {
  for (const auto* arguments :
       {"check /nonexistent", "check --schema /nonexistent", "check --log /nonexistent"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_EQ(lines(ran.err), 1) << arguments << "\n" << ran.err;
    EXPECT_EQ(ran.out, "") << arguments;
  }
}

TEST(Cli, EachOptionTakesOneValue) {
  const Folder folder;
  folder.write("schema.sql", unindexed);
  const std::string line =
      "2026-03-01 10:00:00.000 UTC [1] app@shop LOG:  duration: 1.0 ms  statement: select 1\n";
  folder.write("a.log", line);
  folder.write("b.log", line);
  const Ran both = run("check --log a.log schema.sql", folder.path());
  EXPECT_TRUE(has(both.out, "unindexed-foreign-key") && has(both.out, "a.log")) << both.out << both.err;
  const Ran pattern = run("check --log *.log", folder.path());
  EXPECT_EQ(pattern.exit_code, 2);
  EXPECT_TRUE(has(pattern.err, "--log a.log --log b.log")) << pattern.err;
}

TEST(Cli, AReportInAFileEndsWithALine) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const auto output = folder.path("report.json");
  const Ran ran = run("check --format json -o " + output + " " + file);
  EXPECT_TRUE(has(ran.err, "pgadvise: wrote " + output + " (")) << ran.err;
  EXPECT_EQ(run("check -q --format json -o " + output + " " + file).err, "");
}

TEST(Cli, WrongUsageIsOneLineAndTwo) {
  for (const auto* arguments : {"check --nonsense",
                                "nonsense-command",
                                "check --format yaml .",
                                "check --sandbox --db env",
                                "sandbox",
                                "rules explain nonsense",
                                "rules explian unqualified-write",
                                "check --format",
                                "check --color pink .",
                                "check --load x .",
                                "check -q -v .",
                                "check --db @",
                                "check --db dbname=x --max-analyze-time nan",
                                "check -o '' .",
                                "digest -o '' x",
                                "digest --top -1 x",
                                "check --log ''",
                                "explain --db dbname=x 'select 1; select 2'",
                                "explain --db dbname=x ''",
                                "check --fail-on '' .",
                                "check --only nonsense .",
                                "check --only 1b17 .",
                                "check --only unindexed-foreign-kye:1b17 ."}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments << "\n" << ran.err;
    EXPECT_EQ(lines(ran.err), 1) << arguments << "\n" << ran.err;
    EXPECT_EQ(ran.out, "") << arguments;
    EXPECT_TRUE(has(ran.err, " (")) << "what to do next: " << ran.err;
  }
  EXPECT_TRUE(has(run("check --fial-on error").err, "did you mean --fail-on?"));
  EXPECT_TRUE(has(run("chekc").err, "did you mean check?"));
  EXPECT_TRUE(has(run("advise --format jsn").err, "did you mean json?"));
  EXPECT_TRUE(has(run("check --fail-on warnin .").err, "did you mean warning?"));
  EXPECT_TRUE(has(run("check --only unindexed-foreign-kye .").err, "did you mean unindexed-foreign-key?"));
  EXPECT_TRUE(has(run("--vrsion").err, "did you mean --version?"));
  EXPECT_TRUE(has(run("rules explain blocking-indx").err, "did you mean blocking-index-build?"));
  EXPECT_TRUE(
      has(run("check --db dbname=x --max-analyze-time nan").err, "nan is not a number from 0 to 86400"));
}

TEST(Cli, AMissingPathIsTwoAndTheRestIsChecked) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const Ran ran = run("check " + file + " " + folder.path("gone.sql"));
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(lines(ran.err), 1) << ran.err;
  EXPECT_TRUE(has(ran.err, "gone.sql")) << ran.err;
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key")) << ran.out;
}

TEST(Cli, AStatementThatDoesNotParseIsNamedAndPassedOver) {
  const Folder folder;
  const auto file = folder.write("dump.sql",
                                 "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABEL broken (x int);\nCREATE "
                                 "TABLE c (p_id int REFERENCES p);\n");
  const Ran ran = run("check --fail-on warning " + file);
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_TRUE(has(ran.err, "dump.sql:2:8: syntax error at or near \"TABEL\"")) << ran.err;
}

TEST(Cli, ABrokenSnapshotIsOneLine) {
  const Folder folder;
  const auto file = folder.write("0001_snapshot.json", "{\"version\": \"7\", \"tables\": {");
  const Ran ran = run("check " + file);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(lines(ran.err), 1) << ran.err;
  EXPECT_TRUE(has(ran.err, "0001_snapshot.json")) << ran.err;
}

TEST(Cli, ALogOfAnotherProgramIsOneLine) {
  const Folder folder;
  const auto file =
      folder.write("access.log",
                   "127.0.0.1 - - [01/Mar/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n127.0.0.1 - - "
                   "[01/Mar/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 12\n");
  const Ran ran = run("check --log " + file);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(lines(ran.err), 1) << ran.err;
  EXPECT_TRUE(has(ran.err, "access.log")) << ran.err;
}

TEST(Cli, ALogInASchemasPlaceNamesItsOption) {
  const Folder folder;
  folder.write("app.log",
               "2026-03-01 10:00:04.000 UTC [101] app@shop LOG:  duration: 0.4 ms  statement: SELECT 1\n"
               "2026-03-01 10:00:05.000 UTC [101] app@shop LOG:  duration: 0.5 ms  statement: SELECT 2\n");
  for (const std::string arguments : {"check app.log", "app.log", "check --schema app.log"}) {
    const Ran ran = run(arguments, folder.path());
    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_EQ(lines(ran.err), 1) << ran.err;
    EXPECT_TRUE(has(ran.err, "app.log: is a log")) << ran.err;
    EXPECT_TRUE(has(ran.err, "--log app.log")) << ran.err;
  }
  EXPECT_LT(run("check --log app.log", folder.path()).exit_code, 2);
  folder.write("notes.sql", "-- 2026-03-01 10:00:04.000 UTC [101] LOG:  duration: 0.4 ms\nSELECT 1;\n");
  EXPECT_LT(run("check notes.sql", folder.path()).exit_code, 2);
}

TEST(Cli, AConnectionStringInAFilesPlaceIsNamedWithoutItsPassword) {
  for (const char* arguments :
       {"check postgresql://joe:secret-word@h/db", "check --log postgres://joe:secret-word@h/db",
        "postgresql://joe:secret-word@h/db", "check host=h password=secret-word dbname=x",
        "check --schema 'password=secret-word'", "check \"password = 'secret-word' host=h\"",
        "check 'PASSWORD=secret-word'", "check 'sslpassword =secret-word'",
        "check --workload 'postgres://joe:p@secret-word@h/x'",
        "check --format json 'postgres://h/x?password=secret-word'"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_FALSE(has(ran.err + ran.out, "secret-word")) << arguments << ran.err;
    EXPECT_TRUE(has(ran.err, "pass a database to --db")) << arguments << ran.err;
  }
}

TEST(Cli, EachRepositoryIsJudged) {
  const Folder one;
  one.write("Dockerfile", "FROM node\nRUN npx drizzle-kit push --force\n");
  const Folder other;
  other.write("Dockerfile", "FROM node\nRUN npx drizzle-kit push --force\n");
  for (const auto& paths : {one.path() + " " + other.path(), other.path() + " " + one.path()}) {
    const Ran ran = run("check " + paths);
    EXPECT_EQ(ran.exit_code, 1) << ran.err;
    EXPECT_TRUE(has(ran.out, one.path("Dockerfile")) && has(ran.out, other.path("Dockerfile"))) << ran.out;
  }
}

TEST(Cli, APathIsEnough) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  EXPECT_EQ(run(file).out, run("check " + file).out);
  const Ran typo = run("chekc");
  EXPECT_EQ(typo.exit_code, 2);
}

TEST(Cli, ControlsOfNamesReachNoTerminal) {
  const Folder folder;
  const auto file = folder.write("dump.sql",
                                 "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE \"c\xC2\x9B"
                                 "31m\xE2\x80\xAE\x7F\" (p int REFERENCES p);");
  const Ran text = run("check " + file);
  const Ran json = run("check --format json " + file);
  for (const auto* raw : {"\xC2\x9B", "\xE2\x80\xAE", "\x7F"}) {
    EXPECT_FALSE(has(text.out, raw)) << text.out;
    EXPECT_FALSE(has(json.out, raw)) << json.out;
  }
  EXPECT_TRUE(has(json.out, "c\\u009b31m\\u202e\\u007f")) << json.out;
}

TEST(Cli, AnEmptyConnectionStringIsNotPassedOver) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  for (const char* empty : {"--db ''", "--db ' '"}) {
    const Ran ran = run("check " + std::string(empty), folder.path());
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(has(ran.err, "--db: is empty")) << ran.err;
  }
  EXPECT_EQ(run("check --db shop", folder.path()).exit_code, 2) << "no connection string at all";
}

TEST(Cli, AnUnreachableServerIsThreeAndFilesAreStillChecked) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const Ran ran = run("check " + file + " --db postgresql://joe:secret-password@127.0.0.1:1/shop");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(lines(ran.err), 2) << "the warning about the password, and the server: " << ran.err;
  EXPECT_FALSE(has(ran.err + ran.out, "secret-password"));
  EXPECT_TRUE(has(ran.err, "127.0.0.1")) << ran.err;
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key"));
}

TEST(Cli, ConnectionStringsNeverShowThePassword) {
  for (const auto* conninfo :
       {"'postgresql://joe:secret-password@[::1'", "'host=127.0.0.1 port=1 password=secret-password'",
        "'host=127.0.0.1 password=secret-password nonsense=1'",
        "'postgres://joe:secret-password@127.0.0.1:notaport/x'"}) {
    const Ran ran = run(std::string("check --db ") + conninfo);
    EXPECT_EQ(ran.exit_code, has(conninfo, "port=1 ") ? 3 : 2)
        << "a server that is not there, or no connection string\n"
        << ran.err;
    EXPECT_FALSE(has(ran.err + ran.out, "secret-password")) << conninfo << "\n" << ran.err;
  }
}

TEST(Cli, AFolderWithNothingToCheckSaysSo) {
  const Folder folder;
  const Ran ran = run("", folder.path());
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "nothing to check")) << ran.err;
  EXPECT_TRUE(has(ran.out, "Nothing was checked: no input was found")) << ran.out;
}

TEST(Cli, InputsForOtherDatabasesAloneAreNamed) {
  const Folder folder;
  folder.write("drizzle/0000_a.sql", "CREATE TABLE `users` (`id` integer PRIMARY KEY NOT NULL);\n");
  folder.write("drizzle/meta/_journal.json", R"({"version": "7", "dialect": "sqlite", "entries": []})");
  for (const std::string format : {"text", "markdown", "agent", "json", "github", "junit", "sarif"}) {
    const Ran ran = run("check --format " + format + " .", folder.path());
    EXPECT_EQ(ran.exit_code, 0) << format << ran.err;
    EXPECT_TRUE(has(ran.out, "he SQL of the inputs is for another database (sqlite)")) << format << ran.out;
  }
}

TEST(Cli, SqlForOtherDatabasesIsNamedBesideDeploymentFiles) {
  const Folder folder;
  folder.write("Dockerfile", "FROM node:22@sha256:1234\n");
  folder.write("prisma/migrations/20240101000000_a/migration.sql", "CREATE TABLE `a` (`id` INT);\n");
  folder.write("prisma/migrations/migration_lock.toml", "provider = \"mysql\"\n");
  const Ran ran = run("check . --format json", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "log or database was read: the SQL of the inputs is for another database (mysql)"))
      << ran.out;
}

TEST(Cli, InputsOfWhichNothingWasReadAreNoCleanResult) {
  const Folder folder;
  folder.write("empty.sql", "-- nothing yet\n");
  folder.write("other.sql", "\x01\x02 no SQL;\nneither is this;\n");
  folder.write("half.sql", "no SQL;\nSELECT 1;\n");
  folder.write("empty.log", "");
  const std::string unread = "no statement or log line of the inputs could be read";
  for (const std::string option : {"--schema ", "--workload ", ""}) {
    for (const std::string format : {"text", "markdown", "agent", "json"}) {
      const Ran empty = run("check --format " + format + " " + option + "empty.sql", folder.path());
      EXPECT_EQ(empty.exit_code, 0) << option << empty.err;
      EXPECT_TRUE(has(empty.out, "the inputs contain no statement")) << option << empty.out;
      const Ran other = run("check --format " + format + " " + option + "other.sql", folder.path());
      EXPECT_EQ(other.exit_code, 2) << option << other.err;
      EXPECT_TRUE(has(other.err, unread)) << option << other.err;
      // For people one line is enough; reports for programs and pull requests have it, too.
      EXPECT_EQ(has(other.out, unread), format != "text") << option << other.out;
    }
    EXPECT_EQ(run("check --allow-empty " + option + "other.sql", folder.path()).exit_code, 0) << option;
    const Ran half = run("check " + option + "half.sql", folder.path());
    EXPECT_EQ(half.exit_code, 0) << option << half.err;
    EXPECT_TRUE(has(half.out, "No findings")) << option << half.out;
  }
  const Ran log = run("check --log empty.log", folder.path());
  EXPECT_EQ(log.exit_code, 0) << log.err;
  EXPECT_TRUE(has(log.out, "the inputs contain no statement")) << log.out;
  const Ran beside = run("check --workload half.sql --schema other.sql", folder.path());
  EXPECT_EQ(beside.exit_code, 0) << "one of the inputs was read" << beside.err;
  const Ran missing = run("check --schema missing.sql", folder.path());
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.out, "");
  EXPECT_TRUE(has(missing.err, "missing.sql: no such file")) << missing.err;
}

// A build without the page says how to get it, whichever command asks for it.
TEST(Cli, AReportIsAPageToLookAt) {
  const Folder folder;
  folder.write("a.sql", "CREATE TABLE \"</script>\" (id bigint PRIMARY KEY, at timestamp);\n");
  ASSERT_LT(run("check --schema a.sql --format json -o run.json", folder.path()).exit_code, 2);
  const Ran stored = run("report run.json -o stored.html", folder.path());
  const Ran direct = run("check --schema a.sql --format html -o direct.html", folder.path());
  if (stored.exit_code == 2) {
    for (const std::string command : {"report run.json", "check a.sql --format html",
                                      "digest a.log --format html", "report run.json run.json --format html"})
      EXPECT_TRUE(has(run(command, folder.path()).err, "built without the page")) << command;
    return;
  }
  EXPECT_LT(direct.exit_code, 2) << direct.err;
  for (const std::string name : {"stored.html", "direct.html"}) {
    const std::string page = read_file(folder.path(name)).value();
    EXPECT_TRUE(has(page, "pgadvise-report-1")) << name;
    EXPECT_TRUE(has(page, "\\u003c/script>")) << name;
  }
  EXPECT_EQ(run("report run.json run.json --format html -o both.html", folder.path()).exit_code, 0);
  EXPECT_TRUE(has(read_file(folder.path("both.html")).value_or(""), "pgadvise-report-difference-1"));
  EXPECT_TRUE(has(run("report a.sql", folder.path()).err, "is no JSON"));
  EXPECT_EQ(run("report missing.json", folder.path()).exit_code, 2);
}

// In a pull request: only new findings count.
TEST(Cli, ReportFailsOnNewFindings) {
  const Folder folder;
  const std::string first =
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, p int REFERENCES p);\n";
  folder.write("a.sql", first);
  ASSERT_EQ(run("check a.sql --format json -o one.json", folder.path()).exit_code, 0);
  folder.write("a.sql", first + "CREATE TABLE b (id int PRIMARY KEY, p int REFERENCES p);\n");
  ASSERT_EQ(run("check a.sql --format json -o two.json", folder.path()).exit_code, 0);
  const auto code = [&](const std::string& words) { return run("report " + words, folder.path()).exit_code; };
  EXPECT_EQ(code("one.json two.json"), 0);
  EXPECT_EQ(code("one.json two.json --fail-on error"), 0);
  EXPECT_EQ(code("one.json two.json --fail-on warning"), 1);
  EXPECT_EQ(code("one.json two.json --fail-on note --format json"), 1);
  EXPECT_EQ(code("one.json two.json --fail-on confirmed,note"), 0);
  EXPECT_EQ(code("one.json two.json --fail-on never"), 0);
  EXPECT_EQ(code("one.json two.json --fail-on unindexed-foreign-key"), 1);
  EXPECT_EQ(code("one.json two.json --fail-on missing-primary-key"), 0);
  EXPECT_EQ(code("two.json one.json --fail-on note"), 0) << "the finding is fixed";
  EXPECT_EQ(code("two.json two.json --fail-on note"), 0) << "both findings recur";
  EXPECT_EQ(code("one.json two.json --fail-on warnings"), 2);
  const Ran alone = run("report one.json --fail-on error", folder.path());
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_TRUE(has(alone.err, "--fail-on: needs two reports to compare")) << alone.err;
}

// Statements on tables that the input does not create were read all the same.
TEST(Cli, AMigrationOfUnknownTablesIsRead) {
  for (const std::string statement :
       {"COMMENT ON TABLE t IS 'x';", "ALTER TABLE t OWNER TO app;", "ALTER TABLE t ALTER a SET DEFAULT 1;",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY;", "ALTER TYPE kind ADD VALUE 'new';",
        "CREATE TABLE p PARTITION OF t FOR VALUES IN (1);", "ALTER TABLE t ADD COLUMN b int;"}) {
    const Folder folder;
    folder.write("custom.sql", statement + "\n");
    folder.write("repository/migrations/0001_a.sql", statement + "\n");
    for (const std::string input : {"custom.sql", "--schema custom.sql", "repository"}) {
      const Ran ran = run("check " + input, folder.path());
      EXPECT_LT(ran.exit_code, 2) << statement << input << ran.err;
      EXPECT_FALSE(has(ran.out, "Nothing was checked")) << statement << input << ran.out;
    }
  }
}

TEST(Cli, ARepositoryWithoutAReadableMigrationIsNoCleanResult) {
  const Folder folder;
  folder.write("migrations/0001_a.sql", "\x01\x02 no SQL;\n");
  folder.write("Dockerfile", "FROM node:22@sha256:1234\n");
  const std::string unread = "no statement or log line of the inputs could be read";
  for (const std::string format : {"text", "markdown", "agent", "json", "github", "junit", "sarif"}) {
    const Ran ran = run("check --format " + format + " .", folder.path());
    EXPECT_EQ(ran.exit_code, 2) << format << ran.err;
    EXPECT_EQ(has(ran.out, unread), format != "text") << format << ran.out;
    EXPECT_TRUE(has(ran.err, unread)) << format << ran.err;
  }
  folder.write("Dockerfile", "FROM node:22\nCMD npx drizzle-kit push\n");
  const Ran found = run("check .", folder.path());
  EXPECT_EQ(found.exit_code, 2) << found.err;
  EXPECT_TRUE(has(found.out, "1 finding")) << found.out;
  EXPECT_TRUE(has(found.err, unread)) << found.err;
}

TEST(Cli, ASchemaThatIsNamedIsNotReportedAsUnread) {
  const Folder folder;
  folder.write("package.json", "{}");
  folder.write("db/001_tables.sql", "CREATE TABLE p (id int PRIMARY KEY);\n");
  EXPECT_TRUE(has(run("check .", folder.path()).err, "pgadvise did not read SQL that creates tables"));
  EXPECT_EQ(run("check . --schema db/001_tables.sql", folder.path()).err, "");
}

TEST(Cli, ALogSelectionOfNothingIsNoCleanResult) {
  const Folder folder;
  folder.write("pg.log",
               "2024-05-01 12:00:01.000 UTC [7] LOG:  duration: 1.000 ms  statement: select 1\n"
               "2024-05-01 12:00:02.000 UTC [7] LOG:  duration: 1.000 ms  statement: select 2\n");
  const std::string chosen = "pg.log --from 2024-05-02";
  const std::string reason = "the log goes from 2024-05-01 12:00:01 to 2024-05-01 12:00:02";
  const Ran ran = run("check --log " + chosen, folder.path());
  EXPECT_EQ(ran.exit_code, 2) << ran.out;
  EXPECT_FALSE(has(ran.out, "No findings")) << ran.out;
  EXPECT_TRUE(has(ran.err, reason)) << ran.err;
  const Ran allowed = run("check --allow-empty --log " + chosen, folder.path());
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_TRUE(has(allowed.out, "Nothing was checked: --from '2024-05-02 00:00:00'")) << allowed.out;
  const Ran digest = run("digest " + chosen + " -o week.json", folder.path());
  EXPECT_EQ(digest.exit_code, 2);
  EXPECT_TRUE(has(digest.err, reason)) << digest.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path("week.json")));
}

TEST(Cli, ALogOfAnotherProgramMayBeEmptyInput) {
  const Folder folder;
  folder.write("access.log", "10.0.0.1 - - [01/May/2024:12:00:01 +0000] \"GET / HTTP/1.1\" 200 612\n");
  EXPECT_EQ(run("check --log access.log", folder.path()).exit_code, 2);
  const Ran allowed = run("check --allow-empty --log access.log", folder.path());
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_TRUE(has(allowed.err, "access.log: not a PostgreSQL log")) << allowed.err;
  EXPECT_TRUE(has(allowed.out, "Nothing was checked")) << allowed.out;
  EXPECT_EQ(run("check --allow-empty --log missing.log", folder.path()).exit_code, 2);
}

TEST(Cli, ASchemaThatOnlyProgramsKeepIsNoCleanResult) {
  const Folder folder;
  folder.write("Gemfile", "gem 'pg'\n");
  folder.write("db/schema.rb", "ActiveRecord::Schema[7.1].define(version: 1) do\nend\n");
  const Ran ran = run("check .", folder.path());
  EXPECT_EQ(ran.exit_code, 2) << ran.err;
  EXPECT_FALSE(has(ran.out, "No findings")) << ran.out;
  EXPECT_TRUE(has(ran.err, "Rails keeps its schema in Ruby")) << ran.err;
  EXPECT_TRUE(has(ran.err, "makes db/structure.sql; or --db; --allow-empty")) << ran.err;
  const Ran allowed = run("check . --allow-empty", folder.path());
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_TRUE(has(allowed.out, "Nothing was checked: Rails keeps its schema in Ruby")) << allowed.out;
  folder.write("Gemfile", "gem 'sqlite3'\n");
  EXPECT_EQ(run("check .", folder.path()).exit_code, 0) << "for another database";
}

TEST(Cli, OnlyWhatIsNamedIsRead) {
  const Folder folder;
  folder.write("drizzle/0000_a.sql", unindexed);
  folder.write(
      "drizzle/meta/_journal.json",
      R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})");
  folder.write("queries.sql", "SELECT 1;\n");
  EXPECT_TRUE(has(run("", folder.path()).out, "unindexed-foreign-key"));
  EXPECT_TRUE(has(run("check", folder.path()).out, "unindexed-foreign-key"));
  const Ran ran = run("check --verbose --workload queries.sql", folder.path());
  EXPECT_TRUE(has(ran.err, "did not run unindexed-foreign-key: needs a schema (PATH, --schema or --db)"))
      << ran.err;
}

// Without a server no size can be why a rule is silent, and a comment for it is for nothing.
TEST(Cli, ACommentThatSuppressesNothingIsTold) {
  const Folder folder;
  folder.write("migrations/0001_a.sql", "CREATE TABLE t (id int PRIMARY KEY, a int);\n");
  folder.write(
      "migrations/0002_b.sql",
      "-- pgadvise: ignore blocking-index-build the table is small\nALTER TABLE t ADD COLUMN b int;\n");
  EXPECT_TRUE(has(run("check migrations", folder.path()).err,
                  "migrations/0002_b.sql:1:1: unused suppression: blocking-index-build"))
      << run("check migrations", folder.path()).err;
  folder.write("migrations/0002_b.sql",
               "-- pgadvise: ignore blocking-index-build the table is small\nCREATE INDEX i ON t (a);\n");
  EXPECT_FALSE(has(run("check migrations", folder.path()).err, "unused suppression"));
}

TEST(Cli, ReportsAreWrittenWholeOrNotAtAll) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const auto report = folder.path("report.json");
  EXPECT_EQ(run("check --format json -o " + report + " " + file).out, "");
  EXPECT_TRUE(nlohmann::json::accept(read_file(report).value_or("")));
  struct stat status{};
  ASSERT_EQ(stat(report.c_str(), &status), 0);
  EXPECT_EQ(
      status.st_mode & 0777, 0666 & ~[] {
        const mode_t mask = umask(0);
        umask(mask);
        return mask;
      }());
  // Through a link: the link stays a link.
  std::filesystem::create_symlink("report.json", folder.path("link.json"));
  EXPECT_EQ(run("check --format json -o " + folder.path("link.json") + " " + file).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link.json")));
  const Ran full = run("check --format json -o /dev/full " + file);
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_TRUE(has(full.err, "/dev/full: can't be written")) << full.err;
  EXPECT_EQ(run("check -o " + folder.path("no/such/folder.txt") + " " + file).exit_code, 2);
  // Nothing is left beside the reports.
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  EXPECT_EQ(files, 3);
}

TEST(Cli, TwoReportsDontGoIntoOneFileHoweverItIsSpelled) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  folder.write("a.txt", "");
  std::filesystem::create_symlink("a.txt", folder.path("link.txt"));
  for (const char* other : {"./a.txt", "link.txt"}) {
    const Ran ran =
        run(std::string("check dump.sql --format text -o a.txt --format json -o ") + other, folder.path());
    EXPECT_EQ(ran.exit_code, 2) << other;
    EXPECT_TRUE(has(ran.err, "one file can't take two reports")) << ran.err;
  }
}

TEST(Cli, ALogThatCannotBeReadIsNoCleanBillOfItsRules) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const auto skipped = [&](const std::string& more) {
    return nlohmann::json::parse(
        run("check dump.sql --format json --fail-on never" + more, folder.path()).out)["skipped_rules"];
  };
  EXPECT_GT(skipped("").size(), 10u);
  EXPECT_EQ(skipped(" --log gone.log").size(), skipped("").size());
}

TEST(Cli, PathsOfTheConfigurationAreMeantFromItsFolder) {
  const Folder folder;
  folder.write("pgadvise.toml",
               "[[ignore]]\nrule = \"unindexed-foreign-key\"\npath = \"app/*\"\nreason = \"x\"\n");
  std::filesystem::create_directories(folder.path("app/db"));
  std::filesystem::create_directories(folder.path(".git"));
  folder.write("app/db/dump.sql", unindexed);
  for (const auto& [from, file] :
       {std::pair{"", "app/db/dump.sql"}, {"app", "db/dump.sql"}, {"app/db", "dump.sql"}}) {
    const Ran ran = run(std::string("check ") + file + " --format json", folder.path(from));
    EXPECT_EQ(nlohmann::json::parse(ran.out)["suppressed"].size(), 1u) << from << ran.err;
  }
}

TEST(Cli, AConfigurationThatIsNoFileIsTold) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  std::filesystem::create_symlink("elsewhere", folder.path("pgadvise.toml"));
  EXPECT_EQ(run("check dump.sql", folder.path()).exit_code, 2);
}

TEST(Cli, AFullDiskIsAnErrorOfEveryText) {
  for (const auto* arguments : {"--help", "--version", "check --help", "rules list",
                                "rules explain blocking-index-build", "completion bash", "manual"}) {
    const Folder folder;
    const int status = std::system((testing_support::quoted(testing_support::program) + " " + arguments +
                                    " >/dev/full 2>" + folder.path("err"))
                                       .c_str());
    EXPECT_EQ(WEXITSTATUS(status), 2) << arguments;
    EXPECT_EQ(lines(read_file(folder.path("err")).value_or("")), 1) << arguments;
  }
}

TEST(Cli, AClosedPipeIsAnError) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const std::string program = testing_support::quoted(testing_support::program);
  EXPECT_EQ(std::system(("cd " + folder.path() + " && { sleep 0.3; " + program +
                         " check dump.sql 2>err; echo $? >code; } | true")
                            .c_str()),
            0);
  EXPECT_EQ(read_file(folder.path("code")).value_or(""), "2\n");
  EXPECT_EQ(read_file(folder.path("err")).value_or(""),
            "pgadvise: standard output: can't be written: Broken pipe (use -o FILE to write to a file)\n");
}

TEST(Cli, TwoRunsAtOnceDontHurtEachOther) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const std::string one = testing_support::quoted(testing_support::program) +
                          " check dump.sql --format sarif -o report --baseline known --update-baseline & ";
  EXPECT_EQ(std::system(("cd " + folder.path() + " && { " + one + one + one + one + "wait; }").c_str()), 0);
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder.path("report")).value_or("")));
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder.path("known")).value_or("")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()),
                          std::filesystem::directory_iterator()),
            3)
      << "the dump, the report, the baseline";
}

TEST(Cli, SeveralReportsOfOneRun) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const Ran ran =
      run("check --format sarif -o a.sarif --format json -o a.json --format text dump.sql --fail-on never",
          folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key")) << ran.out;
  EXPECT_TRUE(has(read_file(folder.path("a.sarif")).value_or(""), "\"version\": \"2.1.0\""));
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder.path("a.json")).value_or("")));
  EXPECT_EQ(run("check -o b.json --format json dump.sql --fail-on never", folder.path()).out, "");
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder.path("b.json")).value_or("")));
  EXPECT_TRUE(has(run("check --format sarf " + file).err, "unknown format sarf (did you mean sarif?)"));
  EXPECT_EQ(run("check --format json --format text " + file).exit_code, 2);
  EXPECT_EQ(run("check -o a -o b " + file).exit_code, 2);
  EXPECT_EQ(run("check --format json -o a --format text -o a " + file).exit_code, 2);
}

TEST(Cli, FailOnTakesSeverityVerdictAndRules) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const auto code = [&](const std::string& words) {
    return run("check --fail-on " + words + " " + file).exit_code;
  };
  EXPECT_EQ(code("error"), 0);
  EXPECT_EQ(code("warning"), 1);
  EXPECT_EQ(code("never"), 0);
  EXPECT_EQ(code("warning,confirmed"), 0);
  EXPECT_EQ(code("unindexed-foreign-key"), 1);
  EXPECT_EQ(code("missing-primary-key,error"), run("check --fail-on missing-primary-key " + file).exit_code);
  EXPECT_EQ(code("error,warning"), 2);
  EXPECT_TRUE(
      has(run("check --fail-on unindexed-foreign-kye " + file).err, "did you mean unindexed-foreign-key?"));
}

TEST(Cli, ABaselineKeepsItsLineEndsAndItsMark) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const std::string update = "check dump.sql --baseline known.json --update-baseline";
  const Ran first = run(update, folder.path());
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_TRUE(has(first.err, "wrote known.json (baseline of 2 findings)")) << first.err;
  const std::string before = read_file(folder.path("known.json")).value_or("");
  const std::string mark = "\xef\xbb\xbf";
  folder.write("known.json", mark + replace_all(before, "\n", "\r\n"));
  folder.write("dump.sql", unindexed + "CREATE TABLE d (id int PRIMARY KEY, p int REFERENCES p (id));\n");
  const Ran ran = run(update, folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const std::string after = read_file(folder.path("known.json")).value_or("");
  EXPECT_GT(after.size(), before.size());
  EXPECT_TRUE(after.starts_with(mark + "{\r\n")) << after;
  EXPECT_EQ(replace_all(replace_all(after, "\r\n", ""), "\n", "?").find('?'), std::string::npos) << after;
  EXPECT_EQ(run("check dump.sql --baseline known.json --fail-on note", folder.path()).exit_code, 0);
}

TEST(Cli, ABaselineIsNotUpdatedIfAnInputIsMissing) {
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const std::string update = " --baseline known.json --update-baseline";
  const Ran missing = run("check typo.sql" + update, folder.path());
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_TRUE(has(missing.err, "known.json: not updated, because an input could not be read")) << missing.err;
  EXPECT_FALSE(has(missing.err, "wrote")) << missing.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path("known.json")));
  EXPECT_EQ(run("check dump.sql" + update, folder.path()).exit_code, 0);
  const std::string before = read_file(folder.path("known.json")).value_or("");
  folder.write("dump.sql", "CREATE TABLE p (id int PRIMARY KEY);\n");
  EXPECT_EQ(run("check dump.sql typo.sql" + update, folder.path()).exit_code, 2);
  EXPECT_EQ(read_file(folder.path("known.json")).value_or(""), before);
}

TEST(Cli, ABaselineLeavesWhatIsNew) {
  const Folder folder;
  const std::string second = "CREATE TABLE d (id int PRIMARY KEY, p int REFERENCES p (id));\n";
  folder.write("dump.sql", unindexed);
  const std::string check = "check dump.sql --baseline known.json --fail-on note";
  const Ran missing = run(check, folder.path());
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_TRUE(has(missing.err, "--update-baseline creates it")) << missing.err;
  EXPECT_EQ(run(check + " --update-baseline", folder.path()).exit_code, 0);
  const std::string before = read_file(folder.path("known.json")).value_or("");
  EXPECT_TRUE(has(before, "\"pgadvise_baseline\": 1")) << before;
  const Ran same = run(check, folder.path());
  EXPECT_EQ(same.exit_code, 0) << same.out;
  EXPECT_TRUE(has(same.out, "No findings") && has(same.out, "known, 0 gone since the baseline")) << same.out;
  // Another place of the same finding is no new one, another table's is.
  folder.write("dump.sql", "\n\n-- moved\n" + unindexed + second);
  const Ran more = run(check + " --format json", folder.path());
  EXPECT_EQ(more.exit_code, 1);
  const auto report = nlohmann::json::parse(more.out, nullptr, false);
  ASSERT_EQ(report["findings"].size(), 1u) << more.out;
  EXPECT_EQ(report["findings"][0]["subject"]["table"], "d");
  // Gone is told; what was not looked for is neither gone nor forgotten.
  folder.write("dump.sql", "CREATE TABLE p (id int PRIMARY KEY);\n");
  const auto gone = nlohmann::json::parse(run(check + " --format json", folder.path()).out, nullptr, false);
  EXPECT_GE(gone["baseline"]["gone"].size(), 1u) << gone["baseline"].dump(1);
  folder.write("other.toml", "[rules.unindexed-foreign-key]\nseverity = \"off\"\n");
  EXPECT_EQ(run(check + " --update-baseline --config other.toml", folder.path()).exit_code, 0);
  EXPECT_TRUE(has(read_file(folder.path("known.json")).value_or(""), "unindexed-foreign-key"));
  folder.write("known.json", "{}");
  EXPECT_EQ(run(check, folder.path()).exit_code, 2);
}

TEST(Cli, ASchemaThatIsThereTwiceIsToldOnce) {
  const Folder folder;
  folder.write("db/structure.sql", "SET client_encoding = 'UTF8';\n" + unindexed +
                                       "CREATE TABLE schema_migrations (version text PRIMARY KEY);\n");
  folder.write("package.json", "{}");
  folder.write(
      "other/migrations/0001_a.up.sql",
      "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (p_id int REFERENCES p, of_its_own text);\n");
  folder.write("svc/migrations/0001_a.up.sql", unindexed);
  const auto found = nlohmann::json::parse(run("check . --format json --fail-on never", folder.path()).out,
                                           nullptr, false)["findings"];
  std::vector<std::string> keys, evidence;
  for (const auto& finding : found)
    if (finding["rule"] == "unindexed-foreign-key") {
      keys.push_back(finding["subject"].value("file", ""));
      for (const auto& item : finding["evidence"]) evidence.push_back(item["text"]);
    }
  EXPECT_EQ(keys, (std::vector<std::string>{"db/structure.sql", "other/migrations"}))
      << "another table of that name";
  EXPECT_NE(std::find(evidence.begin(), evidence.end(), "svc/migrations has the same definition"),
            evidence.end())
      << found.dump(1);
}

TEST(Cli, NoReportIsWrittenOverItsInput) {
  const Folder folder;
  const auto log = folder.write(
      "app.log", "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: select 1\n");
  const auto dump = folder.write("dump.sql", unindexed);
  std::filesystem::create_symlink("app.log", folder.path("link.log"));
  for (const std::string& command :
       {"digest " + log + " -o " + log, "digest " + folder.path("link.log") + " -o " + log,
        "check " + dump + " -o " + dump, "check --log " + log + " -o " + log}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.exit_code, 2) << command;
    EXPECT_TRUE(has(ran.err, "is an input, too: it would be overwritten")) << ran.err;
  }
  EXPECT_EQ(read_file(dump).value_or(""), unindexed);
  // A workload file may be merged into itself.
  const auto week = folder.path("week.json");
  EXPECT_EQ(run("digest " + log + " -o " + week).exit_code, 0);
  EXPECT_EQ(run("digest " + week + " " + log + " -o " + week).exit_code, 0);
}

TEST(Cli, TheSameInputGivesTheSameBytes) {
  const std::string shop = std::string(testing_support::source_dir) + "/fixtures/shop";
  const auto report = [&] {
    auto json = nlohmann::ordered_json::parse(
        run("check " + shop + " --log " + shop + "/logs/shop.log --format json --fail-on never").out);
    json.erase("run");
    return json.dump();
  };
  EXPECT_EQ(report(), report());
}

TEST(Cli, ColourIsForTerminalsUnlessForced) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  EXPECT_FALSE(has(run("check " + file).out, "\x1b["));
  EXPECT_TRUE(has(run("check " + file, "", "CLICOLOR_FORCE=1").out, "\x1b["));
  EXPECT_FALSE(has(run("check " + file, "", "NO_COLOR=1 CLICOLOR_FORCE=1").out, "\x1b["));
}

TEST(Cli, ColourIsAsTheOptionSays) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  EXPECT_TRUE(has(run("check --color always " + file, "", "NO_COLOR=1").out, "\x1b["))
      << "the option is nearer than the environment";
  EXPECT_FALSE(has(run("check --color never " + file, "", "CLICOLOR_FORCE=1").out, "\x1b["));
  EXPECT_FALSE(has(run("--color=never check " + file, "", "CLICOLOR_FORCE=1").out, "\x1b["))
      << "also in front of the command";
  EXPECT_TRUE(has(run("rules explain unqualified-write --color always").out, "\x1b["));
}

TEST(Cli, LinksAreForTerminals) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  for (const char* environment :
       {"FORCE_HYPERLINK=1", "TERM_PROGRAM=WezTerm", "VTE_VERSION=7200 CLICOLOR_FORCE=1"})
    EXPECT_FALSE(has(run("check --color always " + file, "", environment).out, "\x1b]8"));
}

TEST(Cli, TheWidthIsColumns) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const auto widest = [](const std::string& text) {
    std::size_t out = 0;
    for (const auto line : split(text, '\n'))
      if (!has(std::string(line), ";") && !has(std::string(line), "dump.sql"))
        out = std::max(out, line.size());
    return out;
  };
  EXPECT_LE(widest(run("check " + file, "", "COLUMNS=60").out), 60U);
  EXPECT_GT(widest(run("check " + file, "", "COLUMNS=120").out), 100U);
  EXPECT_LE(widest(run("check " + file, "", "COLUMNS=nonsense").out), 100U);
}

TEST(Cli, TheSourceIsShownAndUnderlined) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  EXPECT_TRUE(has(run("check " + file).out,
                  "    2 | CREATE TABLE c (p_id int REFERENCES p);\n      |                 "))
      << run("check " + file).out;
  const auto hostile = folder.write("hostile.sql",
                                    "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (p_id /* "
                                    "\x1b]0;title\x07 \x1b[2J \xff */ int REFERENCES p);\n");
  const Ran ran = run("check " + hostile);
  EXPECT_TRUE(has(ran.out, "\\x1b]0;title")) << ran.out;
  EXPECT_FALSE(has(ran.out, "\x1b") || has(ran.out, "\x07")) << ran.out;
}

TEST(Cli, LiteralsOfAWorkloadAreNotShownWithTheSource) {
  const Folder folder;
  const auto schema =
      folder.write("schema.sql", "CREATE TABLE people (id int PRIMARY KEY, mail text, gone boolean);\n");
  const auto queries =
      folder.write("queries.sql", "DELETE FROM people;\nUPDATE people SET mail = 'alice@example.org';\n");
  const Ran quiet = run("check --schema " + schema + " --workload " + queries);
  EXPECT_TRUE(has(quiet.out, "unqualified-write")) << quiet.out;
  EXPECT_FALSE(has(quiet.out + quiet.err, "alice")) << quiet.out;
  EXPECT_TRUE(has(run("check --show-literals --schema " + schema + " --workload " + queries).out, "alice"));
}

TEST(Cli, QuietSaysFindingsAndErrors) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed + "CREATE TABEL broken (x int);\n");
  const Ran ran = run("check -q --fail-on warning " + file);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key")) << ran.out;
  EXPECT_FALSE(has(ran.out, "Not checked")) << ran.out;
  EXPECT_TRUE(has(replace_all(ran.out, "\n", " "), " not run. 1 warning about the input. ")) << ran.out;
  EXPECT_TRUE(has(run("check -q " + folder.path("gone.sql")).err, "gone.sql")) << "errors are told";
}

TEST(Cli, VerboseSaysWhatWasReadAndHowLongItTook) {
  const Folder folder;
  const auto file = folder.write("dump.sql", unindexed);
  const Ran ran = run("check --verbose " + file);
  for (const char* part : {"dump.sql: 2 statements", "unindexed-foreign-key", "replaying the schema took ",
                           "did not run n-plus-one-query: "})
    EXPECT_TRUE(has(ran.err, part)) << part << "\n" << ran.err;
  const std::string brief = replace_all(run("check " + file).out, "\n  ", " ");
  EXPECT_TRUE(has(brief, " rules did not run: ") && has(brief, "; --verbose lists them")) << brief;
  EXPECT_TRUE(has(ran.out, "Not checked\n  - needs a database")) << ran.out;
  EXPECT_EQ(run("check --verbose --quiet " + file).exit_code, 2);
}

TEST(Cli, MachineFormatsDependOnNeitherLocaleNorTimeZoneNorTerminal) {
  const std::string shop = std::string(testing_support::source_dir) + "/fixtures/shop";
  for (const auto* known : report::all_formats()) {
    const std::string format(known->name);
    if (format == "text") continue;  // for a person: it follows the terminal
    if (format == "html") continue;  // has the report of `json`
    // Have the time of this run.
    if (format == "openmetrics" || format == "otlp-metrics" || format == "otlp-logs") continue;
    const auto report = [&](const std::string& environment) {
      std::string out =
          run("check " + shop + " --log " + shop + "/logs/shop.log --fail-on never --format " + format, "",
              environment)
              .out;
      if (format != "json") return out;
      auto json = nlohmann::ordered_json::parse(out);
      json.erase("run");  // of this run alone
      return json.dump();
    };
    const std::string plain = report("env -i PATH=/usr/bin:/bin");
    EXPECT_GT(plain.size(), 300U) << format;
    for (const char* environment :
         {"LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=de TZ=Asia/Tokyo COLUMNS=40",
          "LC_ALL=C TZ=America/St_Johns COLUMNS=160 CLICOLOR_FORCE=1 FORCE_HYPERLINK=1 TERM_PROGRAM=vscode"})
      EXPECT_EQ(report(environment), plain) << format << " with " << environment;
  }
}

TEST(Cli, ACommittedPasswordIsInNoFormatAndNoMessage) {
  const Folder folder;
  const std::string passwords[] = {"t0rtoise-Kettle", "m4rble-Orchard", "w1llow-Anchor",
                                   "h4rbour-Lantern", "c0pper:Meadow",  "s4ffron Lake"};
  folder.write("shop/package.json", R"({"dependencies": {"pg": "8"}})");
  folder.write("shop/.env.production",
               "DATABASE_URL=\"postgres://shop:" + passwords[0] +
                   "@db.shop-data.net/shop\"\nPGHOST=archive.shop-data.net\nPGPASSWORD=" + passwords[1] +
                   "\n");
  folder.write("shop/config/config.json",
               "{\"production\": {\"dialect\": \"postgres\", \"host\": "
               "\"legacy.shop-data.net\", \"password\": \"" +
                   passwords[2] + "\"}}\n");
  folder.write(
      "shop/src/db.ts",
      "import { Pool } from 'pg';\nexport const a = new Pool({ host: 'a.shop-data.net', password: '" +
          passwords[3] + "' });\nexport const url = `postgres://shop:" + passwords[4] +
          "@b.shop-data.net/shop`;\nexport const c = new Pool({ host: 'c.shop-data.net',\n  password: '" +
          passwords[5] + "' });\n");
  for (const auto* known : report::all_formats())
    for (const char* options : {"", " --verbose", " --quiet", " --show-literals"}) {
      const Ran ran = run("check " + folder.path("shop") + " --fail-on never --format " +
                          std::string(known->name) + options);
      const std::string printed = ran.out + ran.err;
      const bool counts = known->name.ends_with("metrics");  // no text of findings
      EXPECT_TRUE(counts || has(printed, "db.shop-data.net")) << known->name << options << "\n" << printed;
      for (const auto& password : passwords)
        EXPECT_FALSE(has(printed, password)) << known->name << options << ": " << password;
    }
}

TEST(Cli, DeepAndHostileInputIsNoCrash) {
  const Folder folder;
  std::string deep = "CREATE TABLE t (a int DEFAULT ";
  for (int i = 0; i < 200000; ++i) deep += "(";
  deep += "1";
  for (int i = 0; i < 200000; ++i) deep += ")";
  std::string wide = "CREATE TABLE u (a int CHECK (a = 1";
  for (int i = 0; i < 60000; ++i) wide += " OR a = 1";
  const auto file = folder.write(
      "deep.sql", deep + ");\n" + wide + "));\n" + unindexed + std::string("\0\xff\x1b[2J", 6) + ";\n");
  const Ran ran = run("check --fail-on warning " + file);
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_FALSE(has(ran.err + ran.out, "\x1b"));
  EXPECT_TRUE(has(ran.out, "unindexed-foreign-key"));
  std::string json = "{\"version\": \"7\", \"dialect\": \"postgresql\", \"tables\": ";
  for (int i = 0; i < 200000; ++i) json += "[";
  EXPECT_EQ(run("check " + folder.write("0000_snapshot.json", json)).exit_code, 2);
}

TEST(Cli, RulesAreListedAndExplained) {
  EXPECT_TRUE(has(run("rules").out, "unindexed-foreign-key"));
  const Ran ran = run("rules explain unindexed-foreign-key");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.out, "\nWhen to ignore it\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "\nNot reported:\n\n    CREATE TABLE")) << ran.out;
  EXPECT_TRUE(has(run("rules explain unindexed-foreign-keys").err, "did you mean unindexed-foreign-key?"));
  EXPECT_TRUE(has(run("--version").out, "pgadvise "));
}

}  // namespace
}  // namespace pgadvise
