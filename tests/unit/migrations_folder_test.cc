#include <cstdlib>

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/process.h"
#include "base/text.h"
#include "migrations/folder.h"
#include "migrations/git_facts.h"
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
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32("6789", crc32("12345")), crc32("123456789"));
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

TEST(GitLog, IsReadAsItStandsWhateverThePathsAre) {
  const std::string log(
      "\x01"
      "bbb 200\0\nM\0a\nb.sql\0A\0\x01"
      "ccc 1\0\x01"
      "aaa 100\0\nA\0a\nb.sql\0",
      51);
  const auto changes = parse_git_log(log);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].path, "a\nb.sql");
  EXPECT_EQ(changes[0].status, 'M');
  EXPECT_EQ(changes[1].path,
            "\x01"
            "ccc 1");
  EXPECT_EQ(changes[2].commit, "aaa");
  EXPECT_EQ(changes[2].time, 100);
  EXPECT_TRUE(parse_git_log("M").empty());
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
    read_git(project, diagnostics);
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
