// git, asked about hostile repositories: it is not waited for, and runs nothing of theirs.
#include "check/changes/git.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "files/git.h"
#include "support/temp_tree.h"

namespace pgadvise::files {
namespace {

using testing_support::TempTree;

class GitCalls : public ::testing::Test {
 protected:
  const TempTree tree{{"repo/m/1_a.sql", "SELECT 1;"}, {"repo/m/below/2_b.sql", "SELECT 2;"}};

  void SetUp() override {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
    shell("git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm one");
  }
  void shell(const std::string& command) const {
    const std::string line = "cd '" + tree.path("repo") + "' && ( " + command + " ) >/dev/null 2>&1";
    ASSERT_EQ(std::system(line.c_str()), 0) << line;
  }
  void pipe(const std::string& name) const {
    const std::string path = tree.path(name);
    std::filesystem::remove(path);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    ASSERT_EQ(0, ::mkfifo(path.c_str(), 0600)) << path;
  }
  static Result<ProgramRun> ask(const std::string& folder) {
    return Git().run(folder, {"rev-parse", "--git-dir"});
  }
  // The path that the error names.
  static std::string refused(const std::string& folder, const std::vector<std::string>& files = {}) {
    const auto run = Git().run(folder, {"rev-parse", "--git-dir"}, files);
    if (run) return "git ran";
    EXPECT_EQ(run.error().kind, Error::Kind::nonfatal);
    EXPECT_EQ(run.error().what, "is a pipe or a device, and git would wait for it");
    return std::filesystem::weakly_canonical(run.error().where).generic_string();
  }
  std::string real(const std::string& name) const {
    return (std::filesystem::canonical(tree.path()) / name).generic_string();
  }
};

class GitPipes : public GitCalls, public ::testing::WithParamInterface<const char*> {};

TEST_P(GitPipes, AreFoundBeforeGitStarts) {
  EXPECT_EQ(ask(tree.path("repo")).value().status, 0);
  const std::string other = std::string("copy/") + GetParam();
  shell("cp -r . ../copy");
  pipe(other);
  EXPECT_EQ(refused(tree.path("copy/m"), {"below"}), real(other));
}

INSTANTIATE_TEST_SUITE_P(GitCalls, GitPipes,
                         ::testing::Values(".git/config", ".git/index", ".git/HEAD", ".git/info/exclude",
                                           ".git/packed-refs", ".git/refs/tags/v1",
                                           ".git/objects/info/alternates", ".gitignore", "m/.gitignore",
                                           "m/below/.gitattributes", ".mailmap"));

TEST_F(GitCalls, DevicesAndOtherFoldersOfGitAreFound) {
  shell("cp -r . ../device && ln -s /dev/zero ../device/.git/info/grafts");
  EXPECT_NE(ask(tree.path("device")).error().where.find("info/grafts"), std::string::npos);
  shell("git worktree add -q ../linked HEAD && mkfifo .git/worktrees/linked/config.worktree");
  EXPECT_EQ(refused(tree.path("linked")), real("repo/.git/worktrees/linked/config.worktree"));
  shell("git worktree add -q ../second HEAD && mkfifo .git/shallow");
  EXPECT_EQ(refused(tree.path("second")), real("repo/.git/shallow")) << "the folder that both have in common";
  pipe("dot/.git");
  EXPECT_EQ(refused(tree.path("dot")), real("dot/.git"));
  shell(
      "cp -r . ../hooks && rm ../hooks/.git/shallow && rm -r ../hooks/.git/hooks && ln -s /dev/null "
      "../hooks/.git/hooks");
  EXPECT_EQ(ask(tree.path("hooks")).value().status, 0) << "ends at once";
}

// The only pipe is one that pgadvise does not look for.
TEST_F(GitCalls, AfterADeadlineGitIsNotAskedAgain) {
  pipe("repo/m/below/.gitignore");
  const std::vector<std::string> others = {"ls-files", "-z", "--others", "--exclude-standard"};
  Git git({.call = std::chrono::milliseconds(200)});
  const auto run = git.run(tree.path("repo/m"), others);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().what, "git gave no answer within 0.2 s");
  EXPECT_EQ(std::filesystem::weakly_canonical(run.error().where).generic_string(), real("repo"));
  for (const char* folder : {"repo", "repo/m"}) {
    const auto next = git.run(tree.path(folder), {"rev-parse", "--git-dir"});
    ASSERT_FALSE(next) << "it would answer";
    EXPECT_EQ(next.error().line(), run.error().line());
  }
  EXPECT_TRUE(git.failure(tree.path("repo")));
  EXPECT_FALSE(git.failure(tree.path("elsewhere")));
  EXPECT_TRUE(ask(tree.path("repo"))) << "the next run asks again";
}

TEST_F(GitCalls, AllCallsAboutARepositoryShareABound) {
  Git git({.call = std::chrono::seconds(60), .repository = std::chrono::milliseconds(0)});
  const auto run = git.run(tree.path("repo"), {"log", "-p"});
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().what.find("gave no answer within"), std::string::npos) << run.error().line();
}

TEST_F(GitCalls, NoAnswerIsNotTakenForNoChange) {
  pipe("repo/m/below/.gitignore");
  Git git;
  const auto changed = check::changed_since(git, tree.path("repo"), "HEAD", {"m/1_a.sql"});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, Error::Kind::usage);
  EXPECT_EQ(changed.error().what, "git gave no answer within 5 s");
}

TEST_F(GitCalls, AConfiguredOrderIsNotRead) {
  pipe("order");
  shell("git config diff.orderFile '" + tree.path("order") + "' && git config mailmap.file '" +
        tree.path("order") + "'");
  Git git;
  const auto changed = check::changed_since(git, tree.path("repo"), "HEAD", {"m/1_a.sql"});
  ASSERT_TRUE(changed) << changed.error().line();
  EXPECT_TRUE(changed->empty());
}

TEST_F(GitCalls, ARepositoryAmongTheFilesIsNone) {
  shell("git init -q --bare m/bare && echo x > m/bare/1_a.sql");
  EXPECT_NE(ask(tree.path("repo/m/bare")).value().status, 0) << "its configuration came with the files";
}

}  // namespace
}  // namespace pgadvise::files
