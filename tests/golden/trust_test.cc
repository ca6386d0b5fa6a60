// What a hostile repository gets from a run of the program: no connection, and no word of a file outside of
// it.
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

// Port 1 refuses connections: an attempt would end with exit code 3.
class TrustCli : public ::testing::Test {
 protected:
  void SetUp() override {
    ::umask(022);  // a user's configuration that a group may write is refused
    folder.write("repo/.git/HEAD", "");
    folder.write("secret/a.sql", "SECRETTOKEN of another project\n");
    folder.write("secret/_journal.json", "{\"SECRETTOKEN\": nonsense}\n");
    folder.write("secret/a.toml", "SECRETTOKEN = [\n");
  }
  Ran pgadvise(const std::string& arguments, const std::string& environment = "") const {
    return run(arguments, folder.path("repo"),
               "XDG_CONFIG_HOME=" + quoted(folder.path("config")) + " PGPASSWORD=hidden " + environment);
  }
  void config(const std::string& text) const { folder.write("repo/pgadvise.toml", text); }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(folder.path("repo/" + name)).parent_path());
    std::filesystem::create_symlink(target, folder.path("repo/" + name));
  }
  // Neither the report nor a message has a word of the secret file.
  void expect_silent(const std::string& arguments) const {
    for (const char* format : {"text", "json"}) {
      const Ran ran = pgadvise(arguments + " --format " + format);
      EXPECT_EQ((ran.out + ran.err).find("SECRETTOKEN"), std::string::npos) << arguments << "\n"
                                                                            << ran.err << ran.out;
    }
  }
  Folder folder;
};

TEST_F(TrustCli, ARepositorysHostNeedsTheUsersWord) {
  config("[databases.p]\nurl = \"postgresql://joe@127.0.0.1:1/x\"\n");
  for (const char* command : {"check", "explain --plan x", "advise --log x", "digest", "snapshot"}) {
    const Ran ran = pgadvise(std::string(command) + " --db @p");
    EXPECT_EQ(ran.exit_code, 2) << command << ran.err;
    EXPECT_EQ(
        ran.err,
        "pgadvise: pgadvise.toml:1:12: the database p is on 127.0.0.1:1, which is not allowed: pgadvise "
        "would send your password there (to allow it: --allow-host 127.0.0.1:1, or add the line allow-hosts "
        "= "
        "[\"127.0.0.1:1\"] in " +
            folder.path("config/pgadvise/config.toml") + ")\n")
        << command;
  }
  EXPECT_EQ(pgadvise("snapshot --db @p --allow-host 127.0.0.1:1").exit_code, 3) << "it connects";
  EXPECT_EQ(pgadvise("snapshot --db @p --allow-host 127.0.0.1:2").exit_code, 2);
  EXPECT_EQ(pgadvise("snapshot --allow-host 127.0.0.1:2 --allow-host 127.0.0.1:1 --db @p").exit_code, 3);
  EXPECT_NE(pgadvise("snapshot --db @p --allow-host 127.0.0.1").err.find("has no port number"),
            std::string::npos);
  EXPECT_EQ(pgadvise("check --config pgadvise.toml --db @p").exit_code, 2)
      << "a file that is named allows nothing, either";
  folder.write("config/pgadvise/config.toml", "allow-hosts = \"127.0.0.1:1\"\n");
  EXPECT_EQ(pgadvise("snapshot --db @p").exit_code, 3);
  folder.write("repo/.config/pgadvise/config.toml", "allow-hosts = \"127.0.0.1:1\"\n");
  for (const char* home :
       {"XDG_CONFIG_HOME=.config", "XDG_CONFIG_HOME=$PWD/.config", "XDG_CONFIG_HOME= HOME=$PWD"})
    EXPECT_EQ(pgadvise("snapshot --db @p", home).exit_code, 2) << home;
}

TEST_F(TrustCli, TheUsersDatabaseStandsBeforeTheRepositorys) {
  config("[databases.p]\nurl = \"host=127.0.0.1 port=2\"\n[databases.q]\nservice = \"x\"\n");
  folder.write("config/pgadvise/config.toml",
               "[databases.p]\nurl = \"host=127.0.0.1 port=1 dbname=mine sslmode=disable\"\n[stores.s]\nurl "
               "= \"host=h\"\n");
  const Ran ran = pgadvise("snapshot --db @p");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_NE(ran.err.find("database mine on 127.0.0.1:1"), std::string::npos) << ran.err;
  EXPECT_EQ(
      run("snapshot --db @p", folder.path(), "XDG_CONFIG_HOME=" + quoted(folder.path("config"))).exit_code, 3)
      << "from any folder";
  const Ran unknown = pgadvise("snapshot --db @zzzzzz");
  EXPECT_EQ(unknown.err, "pgadvise: --db: pgadvise.toml has no database zzzzzz (known: p, q)\n");
  folder.write("config/pgadvise/config.toml", "allow-hosts = [\n\nallow-host = 1\n");
  EXPECT_EQ(pgadvise("snapshot --db @p").exit_code, 2) << "a broken file allows nothing";
}

TEST_F(TrustCli, CommandsAreAllowedBesideHosts) {
  config("[databases.p]\nurl-command = \"touch pwned\"\n");
  for (const char* allowed : {"", " --allow-commands"}) {
    const Ran ran = pgadvise("check --db @p" + std::string(allowed));
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_NE(
        ran.err.find(
            "url-command: a repository's configuration may not name a command (the only command is that of "
            "[migrate], which needs --allow-commands)"),
        std::string::npos)
        << ran.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path("repo/pwned")));
  }
  config("");
  for (const char* command : {"check", "explain --plan x", "advise --log x", "digest", "snapshot"})
    EXPECT_EQ(pgadvise(std::string(command) + " --allow-commands --db 'host=127.0.0.1 port=1'")
                  .err.find("--allow-commands"),
              std::string::npos)
        << command << ": an option of each command that has --db";
  const Ran help = pgadvise("check --help");
  EXPECT_NE(help.out.find("--allow-commands"), std::string::npos);
}

TEST_F(TrustCli, AFileThatOthersMayWriteAllowsNothing) {
  config("[databases.p]\nurl = \"host=127.0.0.1 port=1\"\n");
  folder.write("config/pgadvise/config.toml", "allow-hosts = \"127.0.0.1:1\"\n");
  EXPECT_EQ(pgadvise("snapshot --db @p").exit_code, 3) << "it connects";
  std::filesystem::permissions(folder.path("config/pgadvise/config.toml"),
                               std::filesystem::perms::group_write, std::filesystem::perm_options::add);
  const Ran ran = pgadvise("snapshot --db @p");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("config.toml: is writable by other users (chmod go-w "), std::string::npos)
      << ran.err;
}

TEST_F(TrustCli, NoErrorShowsAVariable) {
  config("[databases.p]\nurl-env = \"OTHER_SECRET\"\n");
  for (const char* value : {"SECRETTOKEN", "'redis://SECRETTOKEN@h'", "'host=127.0.0.1 SECRETTOKEN'",
                            "'postgresql://joe:SECRETTOKEN@127.0.0.1:1/x'"}) {
    const Ran ran = pgadvise("check --db @p", std::string("OTHER_SECRET=") + value);
    EXPECT_NE(ran.exit_code, 0);
    EXPECT_EQ((ran.out + ran.err).find("SECRETTOKEN"), std::string::npos) << ran.err;
  }
}

TEST_F(TrustCli, ConfiguredInputsStayInside) {
  link("../secret", "link");
  for (const char* inputs :
       {"paths = [\"../secret/a.sql\"]", "schema = \"../secret\"", "workloads = \"link/a.sql\"",
        "logs = \"link\"", "schema = \"l*/*.sql\"", "workloads = \"/*/*/*.sql\""}) {
    config("[inputs]\n" + std::string(inputs) + "\n");
    EXPECT_EQ(pgadvise("check").exit_code, 2) << inputs;
    expect_silent("check");
  }
  config("extends = \"../secret/a.toml\"\n");
  EXPECT_EQ(pgadvise("check").exit_code, 2);
  expect_silent("check");
  folder.write("elsewhere/named.toml", "[inputs]\nschema = \"../secret/a.sql\"\n");
  EXPECT_NE(pgadvise("check --config ../elsewhere/named.toml").err.find("SECRETTOKEN"), std::string::npos)
      << "named by the user: an input as any other";
  std::filesystem::remove(folder.path("repo/pgadvise.toml"));
  link("../secret/a.toml", "pgadvise.toml");
  EXPECT_EQ(pgadvise("check").exit_code, 2);
  expect_silent("check");
  expect_silent("check --config pgadvise.toml");
}

TEST_F(TrustCli, LinksInAMigrationsFolderStayInside) {
  folder.write("repo/migrations/0001_a.up.sql", "CREATE TABLE a (id int PRIMARY KEY);\n");
  folder.write("repo/other/0003_c.up.sql", "CREATE TABLE c (id int PRIMARY KEY);\n");
  link("../../secret/a.sql", "migrations/0002_b.up.sql");
  link("../other/0003_c.up.sql", "migrations/0003_c.up.sql");
  for (const char* arguments :
       {"check", "check migrations", "check --schema migrations",
        "check migrations/0001_a.up.sql migrations/0002_b.up.sql", "check --schema migrations/0002_b.up.sql",
        "check --workload migrations/0002_b.up.sql", "check ."})
    expect_silent(arguments);
  const Ran ran = pgadvise("check");
  EXPECT_NE(ran.err.find("migrations: migrations/0002_b.up.sql is a symbolic link to a file outside the "
                         "repository: not read"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.out.find("migrations (2 files)"), std::string::npos) << ran.out;
  EXPECT_NE(pgadvise("check --schema migrations/0002_b.up.sql").err.find("no detail is shown"),
            std::string::npos);
  EXPECT_NE(pgadvise("check --schema ../secret/a.sql").err.find("SECRETTOKEN"), std::string::npos)
      << "named by the user";
}

TEST_F(TrustCli, LinksInOtherToolsFoldersStayInside) {
  link("../../../secret/_journal.json", "drizzle/meta/_journal.json");
  link("../../secret", "drizzle2/meta");
  folder.write("secret/1_a/migration.sql", "SECRETTOKEN of another project\n");
  link("../../../secret/1_a", "prisma/migrations/20200101000000_a");
  folder.write("repo/sqitch/sqitch.plan",
               "%syntax-version=1.0.0\n%project=x\n\na 2020-01-01T00:00:00Z x <x@x> # a\n");
  link("../../../secret/a.sql", "sqitch/deploy/a.sql");
  link("../../secret/a.sql", "sqitch2/sqitch.plan");
  for (const char* folder_name : {".", "drizzle", "drizzle2", "prisma/migrations", "sqitch", "sqitch2"})
    expect_silent(std::string("check ") + folder_name);
}

TEST_F(TrustCli, NothingIsWrittenThroughALink) {
  folder.write("secret/profile", "mine\n");
  folder.write("repo/package.json", "{}");
  link("../secret/profile", "pgadvise.toml");
  const Ran ran = pgadvise("init --force --ci none");
  EXPECT_EQ(ran.exit_code, 2) << ran.out << ran.err;
  EXPECT_NE(ran.err.find("is a symbolic link to a file outside the repository"), std::string::npos)
      << ran.err;
  EXPECT_EQ(read_file(folder.path("secret/profile")).value_or(""), "mine\n");
  std::filesystem::remove(folder.path("repo/pgadvise.toml"));
  link("../secret", ".github");
  EXPECT_EQ(pgadvise("init --ci github").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder.path("secret/workflows")));
}

TEST_F(TrustCli, NothingIsWrittenThroughALinkWithinTheRepository) {
  folder.write("repo/package.json", "{}");
  folder.write("repo/db/schema.sql", "CREATE TABLE t (id int);\n");
  folder.write("repo/.git/HEAD", "ref: refs/heads/main\n");
  folder.write("repo/.git/objects/x", "");
  folder.write("repo/server.log",
               "2026-03-01 10:00:00.000 UTC [1] app@shop LOG:  duration: 9.0 ms  statement: select 1\n");
  const std::string hook = folder.write("repo/.git/hooks/pre-commit", "{}\n");
  link(".git/hooks/pre-commit", "report.json");
  link(".git/hooks/new", "baseline.json");
  link(".git/hooks", "reports");
  link(".git/hooks", ".github");
  for (const std::string& command : std::vector<std::string>{
           "check db --format json -o report.json", "check db -o reports/post-merge",
           "check db --update-baseline --baseline baseline.json", "digest -o report.json server.log",
           "check db --store sqlite:../s.db -o reports/pre-commit", "init --ci github"}) {
    const Ran ran = pgadvise(command);
    EXPECT_EQ(ran.exit_code, 2) << command << ran.out << ran.err;
    EXPECT_NE(ran.err.find("symbolic link"), std::string::npos) << command << ran.err;
  }
  EXPECT_EQ(read_file(hook).value_or(""), "{}\n");
  EXPECT_FALSE(std::filesystem::exists(folder.path("repo/.git/hooks/post-merge")));
  EXPECT_FALSE(std::filesystem::exists(folder.path("repo/.git/hooks/workflows")));
  EXPECT_EQ(pgadvise("check db --fail-on never -o report.txt").exit_code, 0);
}

// Each key names a program that leaves a file. The first run of git, without pgadvise's precautions, shows
// that the trap is one.
TEST_F(TrustCli, GitRunsNothingOfARepository) {
  const std::string trap = folder.write("trap", "#!/bin/sh\ntouch '" + folder.path("pwned") + "'\n");
  std::filesystem::permissions(trap, std::filesystem::perms::owner_all);
  folder.write("repo/migrations/0001_a.up.sql", "CREATE TABLE a (id int PRIMARY KEY);\n");
  std::string commands =
      "rm -r .git && git init -q . && git add -A && git -c user.name=a -c user.email=a@b "
      "commit -qm one && git tag v1 && git clone -q --bare . ../remote";
  for (const char* key : {"core.fsmonitor",
                          "core.pager",
                          "core.editor",
                          "core.sshCommand",
                          "core.gitProxy",
                          "core.askPass",
                          "core.alternateRefsCommand",
                          "diff.external",
                          "diff.x.textconv",
                          "diff.x.command",
                          "filter.x.clean",
                          "filter.x.process",
                          "gpg.program",
                          "gpg.ssh.program",
                          "pager.log",
                          "pager.ls-files",
                          "trailer.x.command",
                          "remote.origin.uploadpack",
                          "credential.helper",
                          "uploadpack.packObjectsHook"})
    commands += std::string(" && git config ") + key + " '" + trap + "'";
  commands += " && git config core.hooksPath '" + folder.path("hooks") +
              "' && git config log.showSignature true && git config submodule.recurse true && git config "
              "remote.origin.url ../remote && git config remote.origin.promisor true && git config "
              "extensions.partialClone origin && git config core.repositoryFormatVersion 1";
  for (const char* hook : {"post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout"})
    commands += " && mkdir -p ../hooks && cp ../trap ../hooks/" + std::string(hook);
  if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
  ASSERT_EQ(std::system(("cd '" + folder.path("repo") + "' && ( " + commands + " ) >/dev/null 2>&1").c_str()),
            0);
  folder.write("repo/.gitattributes", "* diff=x filter=x\n");
  folder.write("repo/migrations/0001_a.up.sql", "CREATE TABLE a (id int PRIMARY KEY, b int);\n");
  ASSERT_NE(std::system(("cd '" + folder.path("repo") + "' && git status >/dev/null 2>&1; test ! -e '" +
                         folder.path("pwned") + "'")
                            .c_str()),
            0)
      << "the trap does not work";
  for (const bool missing : {false, true}) {  // objects that git would fetch from the promising remote
    if (missing) {
      ASSERT_EQ(
          std::system(("cd '" + folder.path("repo") + "' && rm -r .git/objects/[0-9a-f][0-9a-f]").c_str()),
          0);
    }
    for (const char* arguments :
         {"check .", "check . --changed", "check . --since v1", "check . --since HEAD"}) {
      std::filesystem::remove(folder.path("pwned"));
      pgadvise(arguments);
      EXPECT_FALSE(std::filesystem::exists(folder.path("pwned")))
          << arguments << (missing ? ", fetching" : "");
    }
  }
}

}  // namespace
}  // namespace pgadvise
