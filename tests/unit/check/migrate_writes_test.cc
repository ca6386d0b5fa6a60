// Which folders of a repository --migrate-writes opens.
#include "check/load/migrate_writes.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

class MigrateWrites : public testing::Test {
 protected:
  std::string boundary() const { return std::filesystem::canonical(tree_.path("repository")).string(); }
  // "" if the folder is opened.
  std::string refused(const std::string& folder) const {
    const auto found = folders_to_write({tree_.path(folder)}, boundary());
    return found ? "" : found.error().line();
  }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_directory_symlink(target, tree_.path(name));
  }
  TempTree tree_{{"repository/.git/hooks/pre-commit", ""},
                 {"repository/.git/config", ""},
                 {"repository/cache/a", ""},
                 {"repository/parts/one/.git", "gitdir: ../../.git/modules/one\n"},
                 {"repository/parts/two/a", ""},
                 {"elsewhere/a", ""}};
};

TEST_F(MigrateWrites, OpensFoldersBelowTheRepository) {
  EXPECT_EQ(refused("repository/cache"), "");
  EXPECT_EQ(refused("repository/parts/two"), "");
  link("cache", "repository/link");
  const auto found = folders_to_write({tree_.path("repository/link")}, boundary());
  ASSERT_TRUE(found) << found.error().line();
  EXPECT_EQ(found->front(), boundary() + "/cache") << "the folder, not the link";
}

TEST_F(MigrateWrites, NothingOfGitAndNothingOutside) {
  link("../elsewhere", "repository/out");
  link(".git", "repository/git");
  for (const char* folder :
       {"repository", "repository/.git", "repository/.git/hooks", "repository/git", "repository/git/hooks",
        "repository/cache/..", "repository/cache/../.git", "elsewhere", "repository/out", ".",
        "repository/parts", "repository/parts/one", "repository/missing", "repository/cache/a"})
    EXPECT_NE(refused(folder), "") << folder;
}

// `.git` may be a file that names a folder of the repository, which may name another one.
TEST_F(MigrateWrites, NotWhatAWorktreesFileNames) {
  std::filesystem::remove_all(tree_.path("repository/.git"));
  tree_.add("repository/.git", "gitdir: meta/worktrees/this\n");
  tree_.add("repository/meta/worktrees/this/commondir", "../../../shared\n");
  tree_.add("repository/shared/hooks/pre-commit", "");
  for (const char* folder :
       {"repository/meta", "repository/meta/worktrees/this", "repository/shared", "repository/shared/hooks"})
    EXPECT_NE(refused(folder), "") << folder;
  EXPECT_EQ(refused("repository/cache"), "");
}

}  // namespace
}  // namespace pgadvise::check
