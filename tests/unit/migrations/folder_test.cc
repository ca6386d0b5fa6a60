#include "migrations/folders/folder.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/process/process.h"
#include "base/text/text.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/git_facts.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;

TEST(Digest, IsTheStandards) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_hex(std::string(64, 'b')).size(), 64u);
  EXPECT_EQ(
      sha384_hex("abc"),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(
      sha384_hex(std::string(111, 'b')),  // with the length just within, and beyond, one block
      "a47bc504cd628dbc1abac61dd4fb95c14a5ce395ce0a2ba23e29f065159ab694335cd8664a63cdc8a1b1ce318cf99187");
  EXPECT_EQ(
      sha384_hex(std::string(112, 'b')),
      "b003f8ded297822e4acefca9d46dc977eaa4ff2ce1a629baafc4eef2e7b7eaf5224fd2b83e97398bdbc36345677f45f8");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32("6789", crc32("12345")), crc32("123456789"));
}

// The settings of a Flyway project decide what an edit does.
TEST(MigrationFolder, FlywayComparesNothingWhereTheProjectTurnsItOff) {
  const auto tool_of = [](const std::string& file, const std::string& text) {
    const TempTree tree{{"api/src/main/resources/db/migration/V1__a.sql", "CREATE TABLE a (id int);"}};
    tree.add(file, text);
    const std::string folder = tree.path("api/src/main/resources/db/migration");
    Diagnostics diagnostics;
    Project project;
    project.root = tree.path();
    read_migrations(project, find_schemas(folder, diagnostics).value());
    return project.migrations.empty() ? "" : project.migrations[0].tool;
  };
  const std::string off = "flyway without validation";
  EXPECT_EQ(
      tool_of("api/src/main/resources/application.yml", "spring:\n  flyway:\n    validate-on-migrate: false"),
      off);
  EXPECT_EQ(tool_of("flyway.conf", "flyway.validateOnMigrate=false"), off);
  EXPECT_EQ(tool_of("flyway.conf", "flyway.validateOnMigrate=true"), "flyway");
  EXPECT_EQ(tool_of("flyway.conf", "flyway.validateMigrationNaming=false"), "flyway");
  const std::string code =
      "class FlywayFactory { static final boolean DEFAULT_VALIDATE_ON_MIGRATE = false; }";
  EXPECT_EQ(tool_of("api/src/main/java/db/FlywayFactory.java", code), off);
  EXPECT_EQ(tool_of("api/src/test/java/db/FlywayFactory.java", code), "flyway") << "a test";
  ASSERT_TRUE(find_tool_facts(off) && migration_tool(off));
  EXPECT_EQ(find_tool_facts(off)->on_edit, ToolFacts::OnEdit::ignores);
  EXPECT_TRUE(same_migration(*migration_tool(off), "CREATE TABLE a ();", "-- a\nCREATE TABLE a ();"));
  EXPECT_FALSE(same_migration(*migration_tool("flyway"), "CREATE TABLE a ();", "-- a\nCREATE TABLE a ();"));
}

TEST(Digest, FlywaysForgetsLineEndsAndTheByteOrderMark) {
  const auto checksums = migration_tool("flyway")->checksums;
  EXPECT_EQ(checksums("123456789"), std::vector<std::string>{"-873187034"});
  EXPECT_EQ(checksums("\xef\xbb\xbf"
                      "1234\r\n56789\n"),
            std::vector<std::string>{"-873187034"});
  EXPECT_EQ(checksums(""), std::vector<std::string>{"0"});
}

TEST(Program, RunsWithoutAShellAndWithinLimits) {
  EXPECT_EQ(run_program({"printf", "%s", "$HOME; `id`"}).value().out, "$HOME; `id`");
  EXPECT_EQ(run_program({"sh", "-c", "printf %s \"$ONE$GONE\""}, {{"ONE", "1"}, {"GONE", ""}}).value().out,
            "1");
  EXPECT_FALSE(run_program({"no-such-program-anywhere"}));
  EXPECT_EQ(run_program({"false"}).value().status, 1);
  EXPECT_EQ(run_program({"sh", "-c", "echo x >&2; kill -9 $$"}).value().status, 128 + 9);
  EXPECT_EQ(run_program({"sh", "-c", "echo x >&2"}).value().err, "x\n");
  EXPECT_FALSE(run_program({"yes"}, {}, {std::chrono::seconds(10), 1000}));
  // Without the limit this would outlast the time that the test itself has.
  EXPECT_FALSE(
      run_program({"sh", "-c", "sleep 3600 | sleep 3600"}, {}, {std::chrono::milliseconds(100), 1000}));
}

// A process that runs a program and is killed: the program is killed, too.
class OwnerOfAProgramDies : public testing::TestWithParam<int> {};

bool runs(const std::string& pid_file) {
  const std::string text = read_file(pid_file).value_or("");
  const int pid = std::atoi(text.c_str());
  // A zombie that nobody waits for yet runs no more.
  const std::string zombie = "grep -qs '^State:.*Z' /proc/" + std::to_string(pid) + "/status";
  return pid <= 0 || (::kill(pid, 0) == 0 && std::system(zombie.c_str()) != 0);
}

template <class Condition>
bool eventually(const Condition& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

TEST_P(OwnerOfAProgramDies, SoDoesTheProgram) {
  const TempTree tree{{"x", ""}};
  const std::string file = tree.path("pid");
  const pid_t owner = ::fork();
  if (owner == 0) {
    (void)run_program(
        {"sh", "-c",
         "echo $$ > '" + file + ".new' && mv '" + file + ".new' '" + file + "' && exec sleep 300"},
        {}, {std::chrono::seconds(300)});
    ::_exit(0);
  }
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
  EXPECT_TRUE(runs(file));
  ASSERT_EQ(0, ::kill(owner, GetParam()));
  ASSERT_EQ(owner, ::waitpid(owner, nullptr, 0));
  EXPECT_TRUE(eventually([&] { return !runs(file); }));
}

INSTANTIATE_TEST_SUITE_P(Program, OwnerOfAProgramDies, testing::Values(SIGKILL, SIGTERM, SIGINT));

TEST(Program, EndsWithWhatItStartedAtADeadline) {
  const TempTree tree{{"x", ""}};
  const std::string file = tree.path("pid");
  const auto run = run_program({"sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $! > '" + file + "'; wait"}, {},
                               {std::chrono::seconds(1)});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().what, "sh gave no answer within 1 s");
  EXPECT_TRUE(eventually([&] { return !runs(file); }));
}

// Also one that has closed its output: then nothing is left to read.
TEST(Program, EndsWithWhatItStartedAtAStopRequest) {
  const TempTree tree{{"x", ""}};
  for (const std::string begin : {"", "exec >/dev/null 2>&1; "}) {
    const std::string file = tree.path(begin.empty() ? "open" : "closed");
    std::stop_source stop;
    const std::jthread request([&] {
      EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
      stop.request_stop();
    });
    const auto start = std::chrono::steady_clock::now();
    const auto run = run_program(
        {"sh", "-c",
         begin + "sleep 300 & echo $! > '" + file + ".new' && mv '" + file + ".new' '" + file + "'; wait"},
        {}, {std::chrono::seconds(60)}, {.stop = stop.get_token()});
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().what, "interrupted");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    EXPECT_TRUE(eventually([&] { return !runs(file); }));
  }
}

TEST(Program, ThatClosesItsOutputIsWaitedForNoLonger) {
  EXPECT_FALSE(run_program({"sh", "-c", "exec >/dev/null 2>&1; exec sleep 300"}, {},
                           {std::chrono::milliseconds(200)}));
}

TEST(Program, HasALimitOfMemory) {
  const std::vector<std::string> words = {"sh", "-c",
                                          "x=$(head -c 24000000 /dev/zero | tr '\\0' a); echo ${#x}"};
  EXPECT_EQ(run_program(words).value().out, "24000000\n");
  const auto run = run_program(words, {}, {.memory = std::size_t{8} << 20});
  EXPECT_NE(run.value().status, 0);
  EXPECT_EQ(run.value().out, "");
}

TEST(GitLog, IsReadAsItStandsWhateverThePathsAre) {
  using namespace std::string_literals;
  const std::string log =
      "\x01"
      "bbb 200\0\n:100644 100644 b1 b2 M\0a\nb.sql\0:000000 100644 00 c1 A\0\x01"
      "ccc 1\0\x01"
      "aaa 100\0\n:000000 100644 00 b1 A\0a\nb.sql\0"s;
  const auto changes = parse_git_log(log);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].path, "a\nb.sql");
  EXPECT_EQ(changes[0].status, 'M');
  EXPECT_EQ(changes[0].blob, "b2");
  EXPECT_EQ(changes[1].path,
            "\x01"
            "ccc 1");
  EXPECT_EQ(changes[2].commit, "aaa");
  EXPECT_EQ(changes[2].time, 100);
  EXPECT_TRUE(parse_git_log("M").empty());
  EXPECT_TRUE(parse_git_log(":100644 M\0a.sql"s).empty());
}

class GitRepository : public ::testing::Test {
 protected:
  const TempTree tree{{".gitignore", "ignored/\n"},
                      {"migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a ();"},
                      {"migrations/2_b.sql", "-- +goose Up\nCREATE TABLE b ();"}};

  void SetUp() override {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
  }

  void git(const std::string& arguments, const std::string& date = "2024-01-01T00:00:00Z") const {
    const std::string command =
        "cd '" + tree.path() + "' && GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_DATE=" + date +
        " GIT_COMMITTER_DATE=" + date + " git -c user.name=a -c user.email=a@b -c commit.gpgsign=false " +
        arguments + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  Project read() const {
    Project project;
    project.root = tree.path();
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    read_migrations(project, *found);
    files::Git git;
    read_git(git, project, diagnostics);
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
    return project;
  }
};

TEST_F(GitRepository, WithoutGitNothingIsKnown) {
  EXPECT_EQ(read().migrations.at(0).migrations.at(0).git, MigrationEntry::Git::unknown);
}

TEST_F(GitRepository, BeforeTheFirstCommitAllIsNew) {
  git("init -q");
  EXPECT_EQ(read().migrations.at(0).migrations.at(0).git, MigrationEntry::Git::untracked);
}

TEST_F(GitRepository, KnowsWhatIsCommittedIgnoredAndChangedAfterARelease) {
  git("init -q");
  git("add -A");
  git("commit -qm one");
  git("tag v1", "2024-01-02T00:00:00Z");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  tree.add("migrations/3_c.sql", "-- +goose Up\n");
  tree.add("ignored/migrations/1_d.sql", "-- +goose Up\n");
  // Nothing of this may run.
  for (const std::string setting :
       {"core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external", "filter.x.clean"})
    git("config " + setting + " 'touch " + tree.path("pwned") + "'");
  git("config log.showSignature true");
  tree.add(".gitattributes", "*.sql filter=x diff=x\n");
  const Project project = read();
  ASSERT_EQ(project.migrations.size(), 2u);
  EXPECT_EQ(project.migrations[0].migrations[0].git, MigrationEntry::Git::ignored);
  const auto& migrations = project.migrations[1].migrations;
  EXPECT_EQ(migrations[0].git, MigrationEntry::Git::committed);
  EXPECT_EQ(migrations[0].changed_in.size(), 12u);
  EXPECT_EQ(migrations[0].changed_after_days, 10);
  EXPECT_EQ(migrations[1].changed_in, "");
  EXPECT_EQ(migrations[2].git, MigrationEntry::Git::untracked);
  EXPECT_TRUE(project.migrations[1].has_releases);
  EXPECT_FALSE(std::filesystem::exists(tree.path("pwned")));
}

TEST_F(GitRepository, AFileThatALaterCommitRestoredIsNotEdited) {
  git("init -q");
  git("add -A");
  git("commit -qm one");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_in.size(), 12u);
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a ();");
  git("commit -qam three", "2024-01-12T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_in, "");
}

// Where no checksum stops the tool, the statements that run on the way up decide.
TEST_F(GitRepository, CommentsBlanksAndDownPartsAreNoEdits) {
  const std::string first =
      "-- +goose Up\nCREATE TABLE a (id int);\nCREATE INDEX a_id ON a (id);\n-- +goose Down\nDROP TABLE a;";
  tree.add("migrations/1_a.sql", first);
  git("init -q");
  git("add -A");
  git("commit -qm one");
  const std::vector<std::string> same = {
      "-- Copyright\n-- +goose Up\ncreate  table a (id integer);\nCREATE INDEX a_id ON a USING btree (id);",
      "-- +goose Up\nBEGIN;\nCREATE TABLE IF NOT EXISTS public.a (id int);\nCREATE INDEX a_id ON a "
      "(id);COMMIT;\n"
      "-- +goose Down\nDROP TABLE IF EXISTS a CASCADE;",
      "-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN /* once */ CREATE TABLE a (id int); CREATE INDEX "
      "a_id ON a "
      "(id);\nEXCEPTION WHEN duplicate_table THEN NULL; END $$;\n-- +goose StatementEnd\n"};
  for (const auto& text : same) {
    tree.add("migrations/1_a.sql", text);
    git("commit -qam again", "2024-01-11T00:00:00Z");
    EXPECT_EQ(read().migrations[0].migrations[0].changed_in, "") << text;
  }
  tree.add("migrations/1_a.sql", replace_all(first, "id int", "id bigint"));
  git("commit -qam edited", "2024-01-12T00:00:00Z");
  git("tag v2", "2024-02-02T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_after_days, 11);
  tree.add("migrations/1_a.sql", "-- a comment\n" + replace_all(first, "id int", "id bigint"));
  git("commit -qam comment", "2024-03-12T00:00:00Z");
  const auto edited = read().migrations[0].migrations[0];
  EXPECT_EQ(edited.changed_after_days, 11) << "the commit that changed a statement, not the last one";
  EXPECT_FALSE(edited.changed_in.empty());
}

TEST_F(GitRepository, OnlyAReleaseThatHasTheOldFileCounts) {
  git("init -q -b main");
  tree.add("README", "x");
  git("add README");
  git("commit -qm zero", "2024-01-01T00:00:00Z");
  git("branch old");
  git("add -A");
  git("commit -qm one", "2024-01-02T00:00:00Z");
  git("tag v1.1.0-rc1", "2024-01-03T00:00:00Z");
  git("tag client/v9", "2024-01-03T00:00:00Z");
  git("checkout -q old");
  tree.add("README", "y");
  git("commit -qam patch", "2024-01-04T00:00:00Z");
  git("tag v1.0.1", "2024-01-04T00:00:00Z");
  git("checkout -q main");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  EXPECT_FALSE(read().migrations[0].migrations[0].changed_after_release)
      << "a branch without the file, a version to try out, another module";
  EXPECT_FALSE(read().migrations[0].migrations[0].released_since);
  git("tag v1.1.0 HEAD~1", "2024-01-05T00:00:00Z");
  const auto migration = read().migrations[0].migrations[0];
  EXPECT_TRUE(migration.changed_after_release);
  EXPECT_FALSE(migration.released_since);
  git("tag -a v1.1.1 -m x HEAD", "2024-01-12T00:00:00Z");
  EXPECT_TRUE(read().migrations[0].migrations[0].released_since);
}

TEST_F(GitRepository, TheReleasesAroundAnEditAreRead) {
  git("init -q -b main");
  git("add -A");
  git("commit -qm one", "2024-01-01T00:00:00Z");
  git("tag v0.1 HEAD", "2024-01-01T00:00:00Z");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  for (int at = 0; at < 90; ++at) git("tag v1." + std::to_string(at) + " HEAD", "2024-01-11T00:00:00Z");
  EXPECT_TRUE(read().migrations[0].migrations[0].changed_after_release) << "the only tag with the old file";
}

TEST_F(GitRepository, AnEditThatWasRevertedAndRepeatedIsReleased) {
  git("init -q -b main");
  git("add -A");
  git("commit -qm one", "2024-01-01T00:00:00Z");
  git("tag v1 HEAD", "2024-01-01T00:00:00Z");
  const std::string first = "-- +goose Up\nCREATE TABLE a ();";
  const std::string second = "-- +goose Up\nCREATE TABLE a (id int);";
  tree.add("migrations/1_a.sql", second);
  git("commit -qam two", "2024-01-11T00:00:00Z");
  tree.add("migrations/1_a.sql", first);
  git("commit -qam revert", "2024-01-12T00:00:00Z");
  tree.add("migrations/1_a.sql", second);
  git("commit -qam again", "2024-01-13T00:00:00Z");
  git("tag v2 HEAD", "2024-01-13T00:00:00Z");
  const auto migration = read().migrations[0].migrations[0];
  EXPECT_TRUE(migration.changed_after_release);
  EXPECT_TRUE(migration.released_since);
}

TEST_F(GitRepository, WithoutReleasesLaterMigrationsMakeAnEditPast) {
  git("init -q");
  git("add -A");
  git("commit -qm one", "2024-01-01T00:00:00Z");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  EXPECT_FALSE(read().migrations[0].migrations[0].released_since);
  tree.add("migrations/9_z.sql", "-- +goose Up\nCREATE TABLE z ();");
  git("add -A");
  git("commit -qm three", "2024-06-01T00:00:00Z");
  EXPECT_TRUE(read().migrations[0].migrations[0].released_since);
}

TEST_F(GitRepository, AVersionThatNoServerParsesWasRunByNoDatabase) {
  tree.add("migrations/1_a.sql", "-- +goose Up\nSELECT normalize('a', 'nfc');");
  git("init -q");
  git("add -A");
  git("commit -qm one");
  tree.add("migrations/1_a.sql", "-- +goose Up\nSELECT normalize('a', nfc);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_in, "");
  tree.add("migrations/1_a.sql", "-- +goose Up\nSELECT normalize('a', nfd);");
  git("commit -qam three", "2024-01-14T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_after_days, 3) << "after the version that runs";
  tree.add("migrations/1_a.sql", "-- +goose Up\nSELECT normalize('a', 'nfd');");
  git("commit -qam four", "2024-01-15T00:00:00Z");
  EXPECT_NE(read().migrations[0].migrations[0].changed_in, "") << "the newest version fails";
}

TEST_F(GitRepository, APlaceholderInThePlaceOfANameIsNoEdit) {
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE auth.a (id int);");
  git("init -q");
  git("add -A");
  git("commit -qm one");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE {{ index .Options \"Namespace\" }}.a (id int);");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  EXPECT_EQ(read().migrations[0].migrations[0].changed_in, "");
}

TEST_F(GitRepository, TheMergedCommitIsCitedNotTheMerge) {
  git("init -q -b main");
  git("add -A");
  git("commit -qm one");
  git("checkout -qb feature");
  tree.add("migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);");
  git("commit -qam two", "2024-01-10T00:00:00Z");
  git("tag edit");
  tree.add("README", "x");
  git("add -A");
  git("commit -qm three", "2024-01-10T00:00:00Z");
  git("checkout -q main");
  git("merge -q --no-ff -m merged feature", "2024-01-11T00:00:00Z");
  files::Git asked;
  const std::string commit = asked.run(tree.path(), {"rev-parse", "edit"}).value().out.substr(0, 12);
  const auto migration = read().migrations[0].migrations[0];
  EXPECT_EQ(migration.changed_in, commit);
  EXPECT_EQ(migration.changed_after_days, 10) << "when it came to the main branch";
}

// Where the tool compares checksums, each byte of them decides.
TEST_F(GitRepository, ChecksumsDecideWhereTheyStopTheTool) {
  tree.add("flyway/V1__a.sql", "CREATE TABLE a ();\n");
  tree.add("flyway/V2__b.sql", "CREATE TABLE b ();\n");
  tree.add("prisma/migrations/20240101000000_a/migration.sql", "CREATE TABLE c ();\n");
  tree.add("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
  git("init -q");
  git("add -A");
  git("commit -qm one");
  tree.add("flyway/V1__a.sql", "CREATE TABLE a ();\r\n");
  tree.add("flyway/V2__b.sql", "-- b\nCREATE TABLE b ();\n");
  tree.add("prisma/migrations/20240101000000_a/migration.sql", "-- c\nCREATE TABLE c ();\n");
  git("commit -qam two", "2024-01-11T00:00:00Z");
  const Project project = read();
  std::map<std::string, bool> edited;
  for (const auto& folder : project.migrations)
    for (const auto& migration : folder.migrations) edited[migration.file] = !migration.changed_in.empty();
  EXPECT_FALSE(edited.at("flyway/V1__a.sql")) << "Flyway leaves line ends out of the checksum";
  EXPECT_TRUE(edited.at("flyway/V2__b.sql"));
  EXPECT_FALSE(edited.at("prisma/migrations/20240101000000_a/migration.sql")) << "Prisma only warns";
}

TEST(Tool, SqlxIsNamedByTheCrate) {
  const TempTree tree{{"a/Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"},
                      {"a/migrations/1_a.up.sql", "CREATE TABLE a ();"},
                      {"a/migrations/1_a.down.sql", "DROP TABLE a;"},
                      {"b/Cargo.toml", "[dependencies]\nrefinery = \"0.8\"\nsqlx = \"0.8\"\n"},
                      {"b/migrations/1_a.sql", "CREATE TABLE a ();"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].tool->id(), "sqlx");
  ASSERT_EQ((*found)[0].files.size(), 1u);
  EXPECT_NE((*found)[1].tool->id(), "sqlx");
}

TEST(Applied, PartIsWhatTheTrackingTableNames) {
  const TempTree tree{
      {"1_a.sql", "-- +goose Up\n"}, {"02_b.sql", "-- +goose Up\n"}, {"3_c.sql", "-- +goose Up\n"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  const TrackingTable goose{
      "goose",
      "public",
      "goose_db_version",
      {{"0", "", 0, false}, {"1", "", 0, false}, {"2", "", 0, false}, {"3", "", 0, true}}};
  const auto part = applied_part(found->front(), {goose});
  EXPECT_TRUE(part.known);
  EXPECT_EQ(part.due, std::set<std::string>{tree.path("3_c.sql")});
  EXPECT_EQ(part.input.files.size(), 2u);
  EXPECT_FALSE(applied_part(found->front(), {}).known);
  EXPECT_EQ(applied_part(found->front(), {TrackingTable{"goose", "public", "other", {{"77", "", 0, false}}}})
                .input.files.size(),
            3u);
  TrackingTable again = goose;
  again.schema = "other";
  EXPECT_FALSE(applied_part(found->front(), {goose, again}).known) << "two that could be meant";
}

// drizzle's migrator looks at nothing but the latest created_at: what is older and was passed over never
// runs.
TEST(Applied, OfDrizzleOnlyWhatIsLaterThanTheLatestIsDue) {
  const TempTree tree{
      {"meta/_journal.json",
       R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":1000,"tag":"0000_a"},{"idx":1,"when":3000,"tag":"0001_b"},{"idx":2,"when":2000,"tag":"0002_c"},{"idx":3,"when":4000,"tag":"0003_d"}]})"},
      {"0000_a.sql", "SELECT 1;"},
      {"0001_b.sql", "SELECT 1;"},
      {"0002_c.sql", "SELECT 1;"},
      {"0003_d.sql", "SELECT 1;"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  const auto part = applied_part(
      found->front(),
      {{"drizzle", "drizzle", "__drizzle_migrations", {{"", "x", 1000, false}, {"", "y", 3000, false}}}});
  EXPECT_TRUE(part.known);
  EXPECT_EQ(part.input.files.size(), 2u);
  EXPECT_EQ(part.due, std::set<std::string>{tree.path("0003_d.sql")});
}

}  // namespace
}  // namespace pgadvise::migrations
