// The files of a git revision beside a work tree that has changed since.
#include "check/changes/revision_files.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "check/changes/git.h"
#include "support/run.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;
using testing_support::Folder;
using testing_support::quoted;

class RevisionFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
    folder.write("repository/app/migrations/1.sql", "one");
    folder.write("repository/app/migrations/2.sql", "two");
    folder.write("repository/app/node_modules/x/3.sql", "three");
    folder.write("repository/outside.sql", "outside");
    fs::create_symlink("/etc/passwd", folder.path("repository/app/migrations/link.sql"));
    git("init -q -b main && git config user.email a@example.com && git config user.name a && git add -f . && "
        "git commit -qm a");
    folder.write("repository/app/migrations/2.sql", "TWO");
    folder.write("repository/app/migrations/4.sql", "four");
  }
  void git(const std::string& arguments) const {
    ASSERT_EQ(std::system(("cd " + quoted(folder.path("repository")) + " && git " + arguments).c_str()), 0);
  }
  std::string at(const std::string& path) {
    const auto commit = find_commit(git_, folder.path("repository"), "--against", "main");
    EXPECT_TRUE(commit) << commit.error().line();
    const auto out =
        write_revision(git_, folder.path("repository/" + path), commit.value_or(""), folder.path("tree"), {});
    EXPECT_TRUE(out) << out.error().line();
    return out.value_or("");
  }
  static std::string text(const std::string& path) { return read_file(path).value_or("(missing)"); }

  Folder folder;
  files::Git git_;
};

TEST_F(RevisionFiles, AreThoseOfTheCommit) {
  const std::string path = at("app");
  EXPECT_EQ(path, folder.path("tree/app"));
  EXPECT_EQ(text(path + "/migrations/1.sql"), "one") << "copied from the work tree";
  EXPECT_EQ(text(path + "/migrations/2.sql"), "two") << "as git has it";
  EXPECT_FALSE(fs::exists(path + "/migrations/4.sql")) << "not committed";
  EXPECT_FALSE(fs::exists(path + "/node_modules"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(path + "/migrations/link.sql"))) << "a symbolic link";
  EXPECT_FALSE(fs::exists(folder.path("tree/outside.sql"))) << "not below the path";
}

TEST_F(RevisionFiles, OfOneFile) {
  EXPECT_EQ(text(at("app/migrations/2.sql")), "two");
  EXPECT_FALSE(fs::exists(folder.path("tree/app/migrations/1.sql")));
  EXPECT_FALSE(fs::exists(at("app/migrations/4.sql"))) << "the commit lacks it";
}

TEST_F(RevisionFiles, OfADeletedFile) {
  fs::remove(folder.path("repository/app/migrations/1.sql"));
  EXPECT_EQ(text(at("app") + "/migrations/1.sql"), "one");
}

TEST_F(RevisionFiles, AnUnknownRevisionIsAnError) {
  const auto commit = find_commit(git_, folder.path("repository"), "--against", "nowhere");
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().kind, Error::Kind::usage);
  EXPECT_NE(commit.error().line().find("unknown revision nowhere"), std::string::npos)
      << commit.error().line();
}

}  // namespace
}  // namespace pgadvise::check
