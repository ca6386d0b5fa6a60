#include "base/files/write_file.h"

#include <csignal>
#include <future>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "support/temp_tree.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using testing_support::TempTree;

std::size_t files_of(const TempTree& tree) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(tree.path()), fs::directory_iterator()));
}

struct stat status_of(const std::string& path) {
  struct stat out{};
  EXPECT_EQ(::stat(path.c_str(), &out), 0) << path;
  return out;
}

TEST(WriteFile, ReplacesAFileAndKeepsItsPermissions) {
  const TempTree tree{{"old", "before"}};
  fs::permissions(tree.path("old"), fs::perms::owner_read | fs::perms::owner_write | fs::perms::owner_exec);
  ASSERT_TRUE(write_file(tree.path("old"), "after"));
  EXPECT_EQ(read_file(tree.path("old")), "after");
  EXPECT_EQ(status_of(tree.path("old")).st_mode & 07777, 0700u);
  ASSERT_TRUE(write_file(tree.path("new"), ""));
  EXPECT_EQ(status_of(tree.path("new")).st_mode & 07777, mode_of_new_files());
  EXPECT_EQ(files_of(tree), 2u);
}

// A repository may contain a link of the name that the user gives to -o.
TEST(WriteFile, NotThroughALinkOutOfARepository) {
  const TempTree tree{{"outside", "kept"}, {"repo/.git/HEAD", "ref: refs/heads/main\n"}, {"repo/in", "old"}};
  fs::create_symlink("../outside", tree.path("repo/link"));
  fs::create_symlink("../new", tree.path("repo/dangling"));
  fs::create_symlink("..", tree.path("repo/folder"));
  for (const char* path : {"repo/link", "repo/dangling", "repo/folder/outside"}) {
    const auto wrote = write_file(tree.path(path), "changed");
    ASSERT_FALSE(wrote) << path;
    EXPECT_EQ(wrote.error().what,
              "leads out of the repository through a symbolic link: pgadvise writes nothing there");
  }
  EXPECT_EQ(read_file(tree.path("outside")), "kept");
  EXPECT_FALSE(fs::exists(tree.path("new")));
}

// Nor within it: .git/config and .git/hooks are there, and every file that somebody runs.
TEST(WriteFile, NotThroughALinkOfARepository) {
  const TempTree tree{{"repo/.git/HEAD", "ref: refs/heads/main\n"},
                      {"repo/.git/objects/x", ""},
                      {"repo/.git/hooks/pre-commit", "kept"},
                      {"repo/Makefile", "kept"},
                      {"repo/docs/x", ""}};
  for (const auto& [link, to] : {std::pair{"file", "Makefile"},
                                 {"hook", ".git/hooks/pre-commit"},
                                 {"new", ".git/hooks/post-merge"},
                                 {"chain", "file"},
                                 {"reports", ".git/hooks"},
                                 {"git", ".git"},
                                 {"pages", "docs"}})
    fs::create_symlink(to, tree.path("repo/" + std::string(link)));
  fs::create_symlink("repo", tree.path("checkout"));
  for (const std::string path : {"repo/file", "repo/hook", "repo/new", "repo/chain", "checkout/file",
                                 "repo/reports/pre-commit", "repo/reports/post-merge", "repo/git/config",
                                 "repo/docs/../reports/pre-commit", "checkout/git/hooks/pre-commit"}) {
    const auto wrote = write_file(tree.path(path), "changed");
    ASSERT_FALSE(wrote) << path;
    EXPECT_TRUE(contains(wrote.error().what, "symbolic link")) << wrote.error().line();
    EXPECT_EQ(wrote.error().hint, "name the file that the link leads to");
  }
  EXPECT_FALSE(replace_file(tree.path("repo/reports/pre-commit"), "changed", 0600));
  EXPECT_EQ(read_file(tree.path("repo/Makefile")), "kept");
  EXPECT_EQ(read_file(tree.path("repo/.git/hooks/pre-commit")), "kept");
  EXPECT_FALSE(fs::exists(tree.path("repo/.git/hooks/post-merge")));
  EXPECT_FALSE(fs::exists(tree.path("repo/.git/config")));
  EXPECT_TRUE(write_file(tree.path("repo/pages/report"), "a folder's link within the repository"));
  EXPECT_TRUE(write_file(tree.path("checkout/report"), "a link of the user"));
  EXPECT_TRUE(fs::exists(tree.path("repo/docs/report")) && fs::exists(tree.path("repo/report")));
}

TEST(WriteFile, NotThroughALinkOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes another user's link";
  const TempTree tree{{"home/profile", "kept"}, {"shared/old", "kept"}};
  fs::create_symlink("../home/profile", tree.path("shared/file"));
  fs::create_symlink("old", tree.path("shared/near"));
  fs::create_symlink("../home", tree.path("shared/folder"));
  fs::create_symlink("/dev/null", tree.path("shared/device"));
  for (const char* link : {"file", "near", "folder", "device"})
    ASSERT_EQ(::lchown(tree.path("shared/" + std::string(link)).c_str(), 4711, 4711), 0);
  for (const char* path : {"file", "near", "folder/profile", "folder/new", "device"}) {
    const auto wrote = write_file(tree.path("shared/" + std::string(path)), "changed");
    ASSERT_FALSE(wrote) << path;
    EXPECT_TRUE(contains(wrote.error().what, "a symbolic link of another user")) << wrote.error().line();
  }
  EXPECT_EQ(read_file(tree.path("home/profile")), "kept");
  EXPECT_FALSE(fs::exists(tree.path("home/new")));
  // Another user's file keeps no permission for everybody.
  ASSERT_EQ(::chown(tree.path("shared/old").c_str(), 4711, 4711), 0);
  ASSERT_EQ(::chmod(tree.path("shared/old").c_str(), 0666), 0);
  ASSERT_TRUE(write_file(tree.path("shared/old"), "changed"));
  EXPECT_EQ(status_of(tree.path("shared/old")).st_mode & 07777, mode_of_new_files());
}

// The user's own link, or that of an archive that the user has unpacked.
TEST(WriteFile, ThroughALinkOnlyNearby) {
  const TempTree tree{
      {"here/old", "a text that is longer"}, {"here/below/old", ""}, {"home/profile", "kept"}};
  for (const auto& [link, to] : {std::pair{"link", "old"},
                                 {"dangling", "made"},
                                 {"deeper", "below/old"},
                                 {"out", "../home/profile"},
                                 {"new", "../home/new"},
                                 {"twice", "out"},
                                 {"null", "/dev/null"}})
    fs::create_symlink(to, tree.path("here/" + std::string(link)));
  fs::create_symlink("here", tree.path("way"));
  for (const char* path : {"here/link", "here/dangling", "here/deeper", "way/link", "way/file", "here/null"})
    EXPECT_TRUE(write_file(tree.path(path), "after")) << path;
  EXPECT_TRUE(fs::is_symlink(tree.path("here/link")) && fs::is_symlink(tree.path("here/null")));
  for (const char* name : {"here/old", "here/made", "here/below/old", "here/file"})
    EXPECT_EQ(read_file(tree.path(name)), "after") << name;
  for (const char* path : {"here/out", "here/new", "here/twice", "way/out"}) {
    const auto wrote = write_file(tree.path(path), "changed");
    ASSERT_FALSE(wrote) << path;
    EXPECT_EQ(wrote.error().what,
              "is a symbolic link to a file in another folder: pgadvise writes nothing there");
  }
  EXPECT_EQ(read_file(tree.path("home/profile")), "kept");
  EXPECT_FALSE(fs::exists(tree.path("home/new")));
  fs::create_symlink("round", tree.path("here/round"));
  EXPECT_EQ(write_file(tree.path("here/round"), "x").error().what,
            "can't be written: Too many levels of symbolic links");
}

TEST(WriteFile, WritesToAnOpenFileByItsNumber) {
  const TempTree tree{{"file", ""}};
  const int file = ::open(tree.path("file").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  for (const std::string folder : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    EXPECT_TRUE(write_file(folder + std::to_string(file), folder)) << folder;
    EXPECT_EQ(read_file(tree.path("file")), folder);
  }
  ::close(file);
}

TEST(WriteFile, WritesIntoPipesAndDevices) {
  const TempTree tree{};
  ASSERT_EQ(::mkfifo(tree.path("pipe").c_str(), 0600), 0);
  const std::string content(300'000, 'x');
  auto read = std::async(std::launch::async, [&] {
    std::ifstream in(tree.path("pipe"));
    return std::string(std::istreambuf_iterator<char>(in), {});
  });
  EXPECT_TRUE(write_file(tree.path("pipe"), content));
  EXPECT_TRUE(read.get() == content);
  EXPECT_TRUE(fs::is_fifo(tree.path("pipe")));
  EXPECT_TRUE(write_file("/dev/null", content));
  const auto full = write_file("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().line(), "/dev/full: can't be written: No space left on device");
}

TEST(WriteFile, SaysWhatIsInTheWay) {
  const TempTree tree{{"file", "x"}, {"folder/x", ""}};
  const auto error = [&](const std::string& path) {
    const auto wrote = write_file(path, "y");
    return wrote ? std::string() : wrote.error().what;
  };
  EXPECT_EQ(error(tree.path("folder")), "can't be written: Is a directory");
  EXPECT_EQ(error(tree.path("folder/")), "can't be written: Is a directory");
  EXPECT_EQ(error(tree.path("gone/x")), "can't be written: No such file or directory");
  EXPECT_EQ(error(tree.path("file/x")), "can't be written: Not a directory");
  EXPECT_NE(error("/proc/x"), "") << "a folder that nobody may write to";
  EXPECT_EQ(error(tree.path(std::string(250, 'x'))), "can't be written: File name too long");
  EXPECT_EQ(files_of(tree), 2u);
}

// A limit on a file's size stands for a full disk: a part is written, and then no more.
TEST(WriteFile, LeavesTheOldFileWhereTheDiskIsFull) {
  const TempTree tree{{"old", "before"}};
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto replaced = write_file(tree.path("old"), std::string(100'000, 'x'));
  const auto made = write_file(tree.path("new"), std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(replaced);
  EXPECT_FALSE(made);
  EXPECT_EQ(read_file(tree.path("old")), "before");
  EXPECT_EQ(files_of(tree), 1u);
}

TEST(WriteFile, OfManyWritersOneWins) {
  const TempTree tree{};
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&tree, i] {
      for (int round = 0; round < 10; ++round)
        EXPECT_TRUE(write_file(tree.path("report"), std::string(50'000, static_cast<char>('a' + i))));
    });
  for (auto& writer : writers) writer.join();
  const auto content = read_file(tree.path("report")).value_or("");
  EXPECT_EQ(content, std::string(50'000, content.empty() ? '?' : content[0]));
  EXPECT_EQ(files_of(tree), 1u);
}

}  // namespace
}  // namespace pgadvise
